#!/usr/bin/env bash
# The operator's command, `npx latchkey users list`. Builds it when its source has changed.
set -euo pipefail
root=$(dirname "$(readlink -f "$0")")/.. # npx calls this by a link of its own

if ! [ -x "${CARGO_TARGET_DIR:-$root/target}/debug/latchkey" ]; then
  echo "latchkey: building the command (about a minute, the first time)" >&2
  cargo build --locked --manifest-path "$root/Cargo.toml" --bin latchkey # which shows its progress on stderr
fi
exec cargo run --quiet --manifest-path "$root/Cargo.toml" -- "$@"
