#!/usr/bin/env bash
# Builds what surrounds the built Worker, where it changed: the client, with types that are made of the Worker's own
# OpenAPI document, into client/dist/, and the pages, which are static assets, into build/assets/.
. "$(dirname "$0")/prologue.sh"
. scripts/lib/step.sh

document() { node scripts/lib/openapi.mjs > build/openapi.json; }
types() {
  openapi-typescript build/openapi.json --output build/openapi.ts > build/openapi.log || { cat build/openapi.log >&2; exit 1; }
  # Only if it is another: `wrangler dev` builds again when a file of the client changes.
  cmp -s build/openapi.ts client/src/openapi.ts || cp build/openapi.ts client/src/openapi.ts
}
# Writes only what changed: whoever develops an app with this client has it loaded again at each change.
client() { tsc --project client --incremental --tsBuildInfoFile client/dist/.tsbuildinfo; }
check_pages() { tsc --project src/pages --incremental --tsBuildInfoFile build/.steps/pages.tsbuildinfo; } # esbuild checks no types
pages() {
  mkdir -p build/assets
  find build/assets -mindepth 1 -delete # what was a page once
  cp src/pages/*.html src/pages/*.svg src/pages/_headers build/assets/
  esbuild src/pages/account.ts src/pages/docs.ts src/pages/style.css --bundle --minify --format=esm --target=es2022 \
    --outdir=build/assets --log-level=warning
}

step document build/openapi.json build/index.js build/latchkey_bg.wasm -- document
step types client/src/openapi.ts build/openapi.json -- types
step client client/dist/index.js client/src client/tsconfig.json client/package.json -- client
step page-types client/dist/index.d.ts src/pages client/dist client/tsconfig.json -- check_pages
step pages build/assets/account.js src/pages client/dist -- pages
