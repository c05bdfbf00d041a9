// The built Worker, unchanged, on requests that come from where a header says, in JSON, as Cloudflare would tell it.

import latchkey from "../../build/index.js";

export default {
  fetch(request, env, context) {
    const cf = JSON.parse(request.headers.get("X-Cf") ?? "null");
    return latchkey.fetch(cf ? new Request(request, { cf }) : request, env, context);
  },
};
