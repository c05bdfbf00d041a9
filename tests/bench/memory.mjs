// The built Worker, unchanged, which also tells how much wasm memory it has.

import { exports } from "./capture.mjs";
import latchkey from "./index.js";

export default {
  fetch(request, env, context) {
    if (new URL(request.url).pathname === "/memory") {
      return new Response(String(exports().memory.buffer.byteLength));
    }
    return latchkey.fetch(request, env, context);
  },
};
