// The built Worker, unchanged, in a runtime that breaks its word: where a request asks for it,
// `waitUntil` throws, which the `worker` crate holds for impossible and panics at.

import latchkey from "../../build/index.js";

export default {
  fetch(request, env, context) {
    const broken = Object.assign(Object.create(context), {
      waitUntil() {
        throw new Error("boom");
      },
    });
    return latchkey.fetch(request, env, request.headers.has("X-Break") ? broken : context);
  },
};
