#!/usr/bin/env bash
# Measures how the cost of a request grows with the number of users, and writes docs/growth.md and docs/growth.svg.
# Takes some minutes and a quiet machine. Exit status 1 if it grows by more than a tenth from 1,000 to 1,000,000 users.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/build.sh >&2
export PATH="$PWD/node_modules/.bin:$PATH" CLOUDFLARE_CF_FETCH_ENABLED=false WRANGLER_LOG=error
exec node tests/bench/scale.mjs
