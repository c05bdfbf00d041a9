#!/usr/bin/env bash
# Builds what surrounds the built Worker: the client, with types that are made of the Worker's own reference, into
# client/dist/, and the pages, which are static assets, into build/assets/.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

node scripts/openapi.mjs > build/openapi.json
openapi-typescript build/openapi.json --output build/openapi.ts > build/openapi.log || { cat build/openapi.log >&2; exit 1; }
# Only if it is another: `wrangler dev` builds again when a file of the client changes.
cmp -s build/openapi.ts client/src/openapi.ts || cp build/openapi.ts client/src/openapi.ts
# Likewise: whoever develops an app with this client has it loaded again at each change.
tsc --project client --incremental --tsBuildInfoFile client/dist/.tsbuildinfo
tsc --project src/pages # only checks: esbuild does not

mkdir -p build/assets
cp src/pages/*.html src/pages/*.svg src/pages/_headers build/assets/
esbuild src/pages/account.ts src/pages/docs.ts src/pages/style.css --bundle --minify --format=esm --target=es2022 \
  --outdir=build/assets --log-level=warning
