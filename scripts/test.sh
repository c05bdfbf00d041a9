#!/usr/bin/env bash
# Runs every test: unit tests, the API over SQLite, the API as the built Worker in workerd, and what uses it there: the
# client, and the pages in a browser. Those in the browser are skipped where there is none.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
export PATH="$PWD/node_modules/.bin:$PATH"

cargo test
wrangler deploy --dry-run --outdir target/worker # builds it, and bundles it as for an upload
cargo test --test api_workerd

scripts/chromium.sh
tsc --project tests/client
node --test --test-reporter=spec --test-timeout=180000 'tests/client/*.test.mjs' 'tests/browser/*.test.mjs'
