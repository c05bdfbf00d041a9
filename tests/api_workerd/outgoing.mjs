// The built Worker, unchanged, with assets that are empty, and a `fetch` that tells how it is called. (Locally, what it
// goes through follows redirects, whatever it is told.)

import latchkey from "../../build/index.js";

const ASSETS = { fetch: async () => new Response("") };

globalThis.fetch = async (url, { method, redirect }) => {
  console.log(`fetch: ${method} ${new URL(url).origin}, redirect ${redirect}`);
  return new Response(null, { status: 302 });
};

export default {
  fetch: (request, env, context) => latchkey.fetch(request, { ...env, ASSETS }, context),
};
