// The Worker's handlers; `scripts/build.sh` makes build/index.js of this. `worker-build` gives a class that wraps each object and each call
// in a Proxy, which costs a tenth of the CPU time of a read; so its methods are called without.

import Latchkey from "../build/glue.js";

const { fetch, scheduled } = Latchkey.prototype;

/** Whether wasm has panicked: `worker-build` notes it here, and makes wasm anew when it constructs a Worker. */
const state = globalThis.__worker_init_state;

async function call(handler, event, env, ctx) {
  if (state.criticalError) {
    new Latchkey(ctx, env);
  }
  try {
    return await handler.call({ env, ctx }, event);
  } catch (error) {
    state.criticalError ||= error instanceof WebAssembly.RuntimeError;
    throw error;
  }
}

export default {
  fetch: (request, env, ctx) => call(fetch, request, env, ctx),
  scheduled: (event, env, ctx) => call(scheduled, event, env, ctx),
};
