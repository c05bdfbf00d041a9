// The built Worker, unchanged, in a runtime that breaks its word: where a request asks for it, with a token, the console
// calls wasm while wasm is writing to it, at which wasm panics. A request of that token waits for the database
// meanwhile. Answers with both answers.

// biome-ignore assist/source/organizeImports: first, to be there when the Worker makes its instance
import { exports } from "../bench/capture.mjs";
import latchkey from "../../build/index.js";

const { warn } = console;
let interrupt = () => {};
console.warn = (...args) => {
  warn(...args);
  interrupt();
};

/** A D1 binding that runs statements only once `opened` is resolved. */
function gated(DB, opened) {
  const withSession = (constraint) => {
    const session = DB.withSession(constraint);
    const raw = (sql, params) =>
      opened.then(() =>
        session
          .prepare(sql)
          .bind(...params)
          .raw(),
      );
    return {
      prepare: (sql) => ({ bind: (...params) => ({ raw: () => raw(sql, params) }) }),
      getBookmark: () => session.getBookmark(),
    };
  };
  return { withSession };
}

export default {
  async fetch(request, env, context) {
    const token = request.headers.get("X-Break");
    if (!token) {
      return latchkey.fetch(request, env, context);
    }
    const { promise: opened, resolve: open } = Promise.withResolvers();
    const read = new Request(new URL("/api/user", request.url), { headers: { Authorization: `Token ${token}` } });
    const waiting = latchkey.fetch(read, { ...env, DB: gated(env.DB, opened) }, context);
    interrupt = () => {
      interrupt = () => {};
      exports().abandon(0);
    };
    const answers = [await latchkey.fetch(request, env, context)];
    open();
    answers.push(await waiting);
    return Response.json(await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()])));
  },
};
