// The Worker's handlers, which drive the exchanges of exchange.rs; `scripts/build.sh` makes build/index.js of this.

import { __wbg_reset_state as makeAnew, begin, beginPurge, configure, fail, fault, receive, resume } from "../build/latchkey.js";
import { body, count, first, head, respond } from "./edge.js";

/** Whether wasm can be called: "new" before its first call, "broken" after it threw, as it does when it panics. */
let state = "new";
let lastId = 0;

/** The number of a new exchange: of 32 bits, so that none that waits has it. */
const nextId = () => (lastId = (lastId + 1) >>> 0);

/** Calls wasm. What it throws leaves it broken; it is made anew before the next call, and has lost what it had begun. */
function call(env, run) {
  if (state !== "ready") {
    if (state === "broken") {
      makeAnew();
    }
    configure(env);
    state = "ready";
  }
  try {
    return run();
  } catch (error) {
    state = "broken";
    throw error;
  }
}

/** Fulfils the wishes of an exchange, from its first, and gives its result. */
async function settle(id, wish, request, env) {
  for (;;) {
    const [kind, ...of] = wish.split("\n", 4);
    let goOn;
    try {
      switch (kind) {
        case "first": {
          const row = await first(env, ...of);
          goOn = () => resume(id, row);
          break;
        }
        case "body": {
          const bytes = await body(request, Number(of[0]));
          goOn = () => receive(id, bytes);
          break;
        }
        case "count": {
          const verdict = await count(env, ...of);
          goOn = () => resume(id, verdict);
          break;
        }
        default:
          return wish;
      }
    } catch (error) {
      goOn = () => fail(id, String(error?.message ?? error));
    }
    wish = call(env, goOn);
    if (wish === undefined) {
      throw new Error("wasm broke at another request while this one was under way");
    }
  }
}

/** Goes on with an exchange whose answer is sent: once it is on its way, since a hash would hold it up. */
async function finish(id, request, env) {
  await scheduler.wait(0);
  await settle(id, call(env, () => resume(id, "")), request, env);
}

export default {
  async fetch(request, env, context) {
    const id = nextId();
    try {
      const answer = await settle(id, call(env, () => begin(id, head(request))), request, env);
      if (answer.startsWith("early")) {
        context.waitUntil(finish(id, request, env));
      }
      return respond(answer);
    } catch (error) {
      await undefined; // what called this may be wasm, in a test
      return respond(call(env, () => fault(head(request), String(error))));
    }
  },

  async scheduled(_, env) {
    const id = nextId();
    await settle(id, call(env, () => beginPurge(id, Date.now())), undefined, env);
  },
};
