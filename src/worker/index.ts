/** The Worker's handlers, which drive the tasks of tasks.rs. `scripts/build.sh` makes build/index.js of this. */

import {
  abandon,
  configure,
  handleRequest,
  handleScheduled,
  __wbg_reset_state as resetInstance,
  respondWithInternalError,
  respondWithTimeout,
  resumeWithError,
} from "../../build/latchkey.js";
import { type Env, RequestHost, type Resume, readHead } from "./host.js";

/**
 * Whether wasm can be called: "new" before its first call, and "poisoned" while it runs: if it throws, as it does when it
 * panics, or is ended for the time that it took, it stays so. Then it is reset before the next call, and has lost its
 * tasks.
 */
let state: "new" | "ready" | "poisoned" = "new";
let lastId = 0;

/** Number of a new task: of 32 bits, so that none that is pending has it. */
const nextId = () => (lastId = (lastId + 1) >>> 0);

function callWasm<T>(env: Env, run: () => T): T {
  if (state === "poisoned") {
    resetInstance();
  }
  const isReady = state === "ready";
  state = "poisoned";
  if (!isReady) {
    configure(env);
  }
  const result = run();
  state = "ready";
  return result;
}

/** A task is no longer pending: wasm was poisoned by another request, or too many were pending. */
class Evicted extends Error {
  constructor({ operation }: RequestHost) {
    super(`evicted: wasm was poisoned by another request, or too many are pending (waiting for: ${operation})`);
  }
}

/** Resumes a task until it waits for nothing more, or has a response and goes on in the background. */
async function drive(id: number, host: RequestHost, env: Env): Promise<void> {
  while (host.pending && !host.isInBackground) {
    const { pending } = host;
    host.pending = undefined;
    let resume: Resume;
    try {
      resume = await pending;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      resume = () => resumeWithError(id, message);
    }
    if (!callWasm(env, () => resume(id))) {
      throw new Evicted(host);
    }
  }
}

/**
 * Abandons a task whose client has left, and tells whether it has. Not that of a read: it waits for two statements at
 * most and is soon among the oldest, which are evicted first. (To ask for a request's signal at all costs 3 % of it.)
 */
function abandonWhenAborted(request: Request, id: number, host: RequestHost): () => boolean {
  let isAborted = false;
  if (request.method !== "GET") {
    request.signal.addEventListener("abort", () => {
      isAborted = true;
      // What is left after the response is short, and a thief should not have the choice to skip it.
      if (state === "ready" && !host.response) {
        abandon(id);
      }
    });
  }
  return () => isAborted;
}

/** Does what no response waits for, and logs its failure, in the form of `Event` in platform.rs. */
async function inBackground(work: Promise<void>, cause: string): Promise<void> {
  try {
    await work;
  } catch (error) {
    console.error(JSON.stringify({ level: "error", event: "internal_error", cause: `${cause}: ${error}` }));
  }
}

export default {
  async fetch(request, env, context) {
    const id = nextId();
    const host = new RequestHost(request, env);
    const isAborted = abandonWhenAborted(request, id, host);
    try {
      callWasm(env, () => handleRequest(id, host, ...readHead(request)));
      await drive(id, host, env);
      if (host.isInBackground) {
        host.isInBackground = false;
        context.waitUntil(inBackground(drive(id, host, env), "deferred work"));
      }
    } catch (error) {
      if (isAborted()) {
        return new Response(null, { status: 499 }); // which no client reads
      }
      if (error instanceof Evicted && host.operation === "body") {
        callWasm(env, () => respondWithTimeout(host, ...readHead(request)));
      } else {
        callWasm(env, () => respondWithInternalError(String(error), host, ...readHead(request)));
      }
    }
    return host.response ?? new Response(null, { status: 500 });
  },

  async scheduled(_, env) {
    const id = nextId();
    const host = new RequestHost(undefined, env);
    const work = async () => {
      callWasm(env, () => handleScheduled(id, host, Date.now()));
      await drive(id, host, env);
    };
    await inBackground(work(), "purge");
  },
} satisfies ExportedHandler<Env>;
