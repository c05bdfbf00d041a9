#!/usr/bin/env bash
# Runs every test: unit tests, the API over SQLite, and the API as the built Worker in workerd.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/build.sh
export PATH="$PWD/node_modules/.bin:$PATH"
cargo test
cargo test --test worker
