// The Worker's handlers, which drive the exchanges of exchange.rs; `scripts/build.sh` makes build/index.js of this.

import {
  __wbg_reset_state as makeAnew,
  abandon,
  begin,
  beginPurge,
  configure,
  fail,
  fault,
  receive,
  receiveNone,
  resume,
  timeOut,
} from "../build/latchkey.js";
import { batch, body, count, first, head, respond } from "./edge.js";

/**
 * Whether wasm can be called: "new" before its first call, and "broken" while it runs: if it throws, as it does when it
 * panics, or is ended for the time that it took, it stays so. Then it is made anew before the next call, and has lost
 * what it had begun.
 */
let state = "new";
let lastId = 0;

/** The number of a new exchange: of 32 bits, so that none that waits has it. */
const nextId = () => (lastId = (lastId + 1) >>> 0);

function call(env, run) {
  if (state === "broken") {
    makeAnew();
  }
  const isReady = state === "ready";
  state = "broken";
  if (!isReady) {
    configure(env);
  }
  const result = run();
  state = "ready";
  return result;
}

/** An exchange that wasm knows no more: it broke at another request, or too many wait. */
class GivenUp extends Error {
  /** @param kind What it waited for. */
  constructor(kind) {
    super(`given up: wasm broke at another request, or too many wait (for ${kind})`);
    this.kind = kind;
  }
}

/** Fulfils the wishes of an exchange, from its first, and gives its result. */
async function settle(id, wish, request, env) {
  for (let kind = "nothing", of; ; ) {
    if (wish === undefined) {
      throw new GivenUp(kind);
    }
    [kind, ...of] = wish.split("\n");
    let goOn;
    try {
      switch (kind) {
        case "first": {
          const [constraint, params, ...sql] = of;
          const row = await first(env, constraint, params, sql.join("\n"));
          goOn = () => resume(id, row);
          break;
        }
        case "batch": {
          const row = await batch(env, of[0], of[1]);
          goOn = () => resume(id, row);
          break;
        }
        case "body": {
          const read = await body(request, Number(of[0]));
          goOn = typeof read === "string" ? () => receiveNone(id, read) : () => receive(id, read);
          break;
        }
        case "count": {
          const verdict = await count(env, of[0], of[1]);
          goOn = () => resume(id, verdict);
          break;
        }
        default:
          return wish;
      }
    } catch (error) {
      const message = String(error?.message ?? error);
      goOn = () => fail(id, message);
    }
    wish = call(env, goOn);
  }
}

/**
 * Drops an exchange whose client has left, and tells whether it has. Not that of a read: it waits for two statements at
 * most and is soon among the oldest, which are given up first. (To ask for a request's signal at all costs 3 % of it.)
 */
function dropWhenAborted(request, id) {
  let isAborted = false;
  if (request.method !== "GET") {
    request.signal.addEventListener("abort", () => {
      isAborted = true;
      if (state === "ready") {
        abandon(id);
      }
    });
  }
  return () => isAborted;
}

/** Does what nobody waits for, and logs its failure, as `Event` in platform.rs has it. */
async function inBackground(work, cause) {
  try {
    await work();
  } catch (error) {
    console.error(JSON.stringify({ level: "error", event: "fault", cause: `${cause}: ${error}` }));
  }
}

export default {
  async fetch(request, env, context) {
    const id = nextId();
    const lines = head(request);
    const isAborted = dropWhenAborted(request, id);
    try {
      const answer = await settle(id, call(env, () => begin(id, lines)), request, env);
      if (answer.startsWith("early")) {
        const upgrade = async () => {
          await scheduler.wait(0); // until the answer is on its way: a hash would hold it up
          await settle(id, call(env, () => resume(id, "")), request, env);
        };
        context.waitUntil(inBackground(upgrade, "password upgrade"));
      }
      return respond(answer);
    } catch (error) {
      if (isAborted()) {
        return new Response(null, { status: 499 }); // which nobody reads
      }
      if (error instanceof GivenUp && error.kind === "body") {
        return respond(call(env, () => timeOut(lines)));
      }
      const cause = String(error);
      return respond(call(env, () => fault(lines, cause)));
    }
  },

  async scheduled(_, env) {
    const id = nextId();
    await inBackground(() => settle(id, call(env, () => beginPurge(id, Date.now())), undefined, env), "purge");
  },
};
