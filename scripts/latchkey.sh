#!/usr/bin/env bash
# The operator's command, `npx latchkey users list`. Builds it when its source has changed.
set -euo pipefail
root=$(dirname "$(readlink -f "$0")")/.. # npx calls this by a link of its own

[ -x "$root/target/debug/latchkey" ] || echo "latchkey: building the command (about a minute, the first time)" >&2
exec cargo run --quiet --manifest-path "$root/Cargo.toml" -- "$@"
