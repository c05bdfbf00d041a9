// Prints the API's reference, as the built Worker answers it: node scripts/lib/openapi.mjs [DIALECT]

import { registerHooks } from "node:module";

// Workers import WebAssembly as a module that is compiled already.
registerHooks({
  load(url, context, next) {
    if (!url.endsWith(".wasm")) {
      return next(url, context);
    }
    const source = `import { readFileSync } from "node:fs";
      export default new WebAssembly.Module(readFileSync(new URL(${JSON.stringify(url)})));`;
    return { format: "module", source, shortCircuit: true };
  },
});

const { default: worker } = await import("../../build/index.js");
const env = { JWT_SECRET: "none is needed for what is public", API_DIALECT: process.argv[2] ?? "django" };
const answer = await worker.fetch(new Request("http://localhost/api/openapi.json"), env);
if (!answer.ok) {
  throw new Error(await answer.text());
}
console.log(await answer.text());
