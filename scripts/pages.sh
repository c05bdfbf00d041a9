#!/usr/bin/env bash
# Builds what surrounds the built Worker: the client, with types that are made of the Worker's own reference, into
# client/dist/, and the pages, which are static assets, into build/assets/.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

node scripts/openapi.mjs > build/openapi.json
openapi-typescript build/openapi.json --output client/src/openapi.ts > build/openapi.log ||
  { cat build/openapi.log >&2; exit 1; }
rm -rf client/dist
tsc --project client
tsc --project src/pages

mkdir -p build/assets
cp src/pages/*.html src/pages/*.svg src/pages/_headers build/assets/
esbuild src/pages/account.ts src/pages/account.css src/pages/docs.ts --bundle --minify --format=esm --target=es2022 \
  --outdir=build/assets --log-level=warning
