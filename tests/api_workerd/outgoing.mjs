// The built Worker, unchanged, with assets that are empty, and a `fetch` that tells how it is called: first it is redirected,
// then it fails. (Locally, what it goes through follows redirects, whatever it is told.)

import latchkey from "../../build/index.js";

const ASSETS = { fetch: async () => new Response("") };

let calls = 0;

globalThis.fetch = (url, { method, redirect }) => {
  console.log(`fetch: ${method} ${new URL(url).origin}, redirect ${redirect}`);
  calls += 1;
  if (calls > 1) {
    throw new TypeError(`no way to ${new URL(url).href}`);
  }
  return Promise.resolve(new Response(null, { status: 302 }));
};

export default {
  ...latchkey,
  fetch: (request, env, context) => latchkey.fetch(request, { ...env, ASSETS }, context),
};
