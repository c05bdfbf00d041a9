// The built Worker, unchanged, in a deployment whose wrangler.toml lacks the D1 binding.

import latchkey from "../../build/index.js";

export default {
  fetch(request, { DB: _, ...env }, context) {
    return latchkey.fetch(request, env, context);
  },
};
