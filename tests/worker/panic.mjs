// The built Worker, unchanged, in a runtime that breaks its word: where a request asks for it, the console calls the
// Worker while wasm is writing to it, at which wasm panics. Answers with both answers.

import latchkey from "../../build/index.js";

const { warn } = console;
let interrupt = () => {};
console.warn = (...args) => {
  warn(...args);
  interrupt();
};

export default {
  async fetch(request, env, context) {
    if (!request.headers.has("X-Break")) {
      return latchkey.fetch(request, env, context);
    }
    let second;
    interrupt = () => {
      interrupt = () => {};
      second = latchkey.fetch(new Request(request.url), env, context);
    };
    const answers = [await latchkey.fetch(request, env, context), await second];
    return Response.json(await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()])));
  },
};
