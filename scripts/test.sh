#!/usr/bin/env bash
# Runs every test: unit tests, the API over SQLite, and the API as the built Worker in workerd.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
export PATH="$PWD/node_modules/.bin:$PATH"

cargo test
wrangler deploy --dry-run --outdir target/worker # builds it, and bundles it as for an upload
cargo test --test worker
