// The built Worker, unchanged, on requests whose bodies do as a header asks, and whose clients leave. Its deadlines pass
// when a test wants them to.

import latchkey from "../../build/index.js";

const deadlines = [];
globalThis.setTimeout = (run) => deadlines.push(run);
globalThis.clearTimeout = () => {};

/** Lets all deadlines pass, once there are so many. */
async function pass(count) {
  while (deadlines.length < count) {
    await scheduler.wait(1);
  }
  deadlines.splice(0).forEach((run) => run());
}

const encoder = new TextEncoder();

/** Streams by what they do; each is given the real body. */
const streams = {
  held: () => new ReadableStream({ start: (body) => body.enqueue(encoder.encode("{")) }),
  broken: () =>
    new ReadableStream({
      start: (body) => body.enqueue(encoder.encode("{")),
      pull: (body) => body.error(new Error("gone")),
    }),
  trickling: () =>
    new ReadableStream({
      async pull(body) {
        await scheduler.wait(1);
        body.enqueue(encoder.encode(" "));
      },
    }),
  parts: (bytes) =>
    new ReadableStream({
      start(body) {
        bytes.forEach((_, at) => body.enqueue(bytes.slice(at, at + 1)));
        body.close();
      },
    }),
};

function withBody(request, stream) {
  return new Request(request.url, { method: request.method, headers: request.headers, body: stream });
}

/** A D1 binding that runs statements only once `opened` is resolved, and counts them. */
function gated(DB, opened, counted = () => {}) {
  const withSession = (constraint) => {
    const session = DB.withSession(constraint);
    const raw = async (sql, params) => {
      counted();
      await opened;
      return session
        .prepare(sql)
        .bind(...params)
        .raw();
    };
    return {
      prepare: (sql) => ({ bind: (...params) => ({ raw: () => raw(sql, params) }) }),
      getBookmark: () => session.getBookmark(),
    };
  };
  return { withSession };
}

/** A read that waits for the database while there are more held bodies than may wait. */
async function flood(request, env, context) {
  deadlines.length = 0; // of requests before
  const { promise: opened, resolve: open } = Promise.withResolvers();
  const read = latchkey.fetch(request, { ...env, DB: gated(env.DB, opened) }, context);
  const large = {
    "Content-Type": "application/json",
    "X-D1-Bookmark": "0".repeat(10_000),
    Authorization: "x".repeat(10_000),
  };
  const held = Array.from({ length: 4_200 }, () => {
    const url = new URL("/api/users/login", request.url);
    return latchkey.fetch(new Request(url, { method: "POST", headers: large, body: streams.held() }), env, context);
  });
  await pass(held.length);
  const statuses = {};
  for (const { status } of await Promise.all(held)) {
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  open();
  return Response.json({ read: (await read).status, held: statuses });
}

/** More bytes of held bodies than may be held, after some that broke off; and meanwhile a request with a whole body. */
async function memory(request, env, context) {
  const bytes = new Uint8Array(await request.arrayBuffer());
  const chunk = encoder.encode(" ".repeat(60_000));
  const broken = () =>
    new ReadableStream({ start: (body) => body.enqueue(chunk), pull: (body) => body.error(new Error("gone")) });
  const send = (stream) => latchkey.fetch(withBody(request, stream), env, context);
  const count = (answers) =>
    Object.fromEntries(
      Map.groupBy(answers, ({ status }) => status)
        .entries()
        .map(([status, { length }]) => [status, length]),
    );
  const rounds = [];
  for (let round = 0; round < 2; round += 1) {
    deadlines.length = 0;
    const brokenOff = await Promise.all(Array.from({ length: 500 }, () => send(broken())));
    deadlines.length = 0;
    let evicted = 0;
    const held = Array.from({ length: 700 }, async () => {
      const answer = await send(new ReadableStream({ start: (body) => body.enqueue(chunk) }));
      evicted += 1;
      return answer;
    });
    const fits = Math.floor((32 << 20) / chunk.byteLength);
    for (let wait = 0; wait < 1_000 && evicted < held.length - fits; wait += 1) {
      await scheduler.wait(1);
    }
    const whole = (await send(streams.parts(bytes))).status;
    const before = evicted;
    await pass(held.length);
    rounds.push({ brokenOff: count(brokenOff), evicted: before, whole, held: count(await Promise.all(held)) });
  }
  return Response.json(rounds);
}

/** A request of this client, in place of one that has none to leave. */
async function sentBy(client, request) {
  return new Request(request.url, {
    method: request.method,
    headers: request.headers,
    body: await request.arrayBuffer(),
    signal: client.signal,
  });
}

/** A request whose client leaves once it has the answer, and before what is left to do is done. */
async function leftAfterwards(request, env) {
  const client = new AbortController();
  const deferred = [];
  const sent = await sentBy(client, request);
  const answer = await latchkey.fetch(sent, env, { waitUntil: (work) => deferred.push(work) });
  client.abort();
  await Promise.all(deferred);
  return answer;
}

/** A request whose client leaves while it waits for its first statement. */
async function left(request, env, context) {
  const { promise: opened, resolve: open } = Promise.withResolvers();
  const { promise: begun, resolve: begin } = Promise.withResolvers();
  const client = new AbortController();
  let statements = 0;
  const DB = gated(env.DB, opened, () => {
    statements += 1;
    begin();
  });
  const answer = latchkey.fetch(await sentBy(client, request), { ...env, DB }, context);
  await begun;
  client.abort();
  open();
  return Response.json({ status: (await answer).status, statements });
}

export default {
  async fetch(request, env, context) {
    const kind = request.headers.get("X-Body");
    switch (kind) {
      case null:
        return latchkey.fetch(request, env, context);
      case "flood":
        return flood(request, env, context);
      case "memory":
        return memory(request, env, context);
      case "left":
        return left(request, env, context);
      case "left afterwards":
        return leftAfterwards(request, env);
      default: {
        const bytes = new Uint8Array(await request.arrayBuffer());
        deadlines.length = 0; // of requests before
        const answer = latchkey.fetch(withBody(request, streams[kind](bytes)), env, context);
        if (kind === "held" || kind === "trickling") {
          await pass(1);
        }
        return answer;
      }
    }
  },
};
