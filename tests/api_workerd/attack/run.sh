#!/usr/bin/env bash
# Attacks the built Worker in workerd, on 127.0.0.1 only, and shows the results; then looks for what the operator's command
# leaves behind. `npm test` runs these too.
. "$(dirname "$0")/../../../scripts/lib/prologue.sh"

scripts/lib/bundle.sh
cargo test --quiet --test api_workerd attack:: -- --nocapture --test-threads 1
cargo test --quiet --test cli wrangler:: -- --nocapture --test-threads 1
