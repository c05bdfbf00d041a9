#!/usr/bin/env bash
# Attacks the built Worker in workerd, on 127.0.0.1 only, and shows the results; then looks for what the operator's command
# leaves behind. The tests run this too.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
export PATH="$PWD/node_modules/.bin:$PATH"

wrangler deploy --dry-run --outdir target/worker >&2
cargo test --quiet --test api_workerd attack:: -- --nocapture --test-threads 1
cargo test --quiet --test cli wrangler:: -- --nocapture --test-threads 1
