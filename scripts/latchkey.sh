#!/usr/bin/env bash
# The operator's command: `npm run latchkey -- users list`. It is built when its source has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -x target/debug/latchkey ] || echo "latchkey: building the command (about a minute, the first time)" >&2
exec cargo run --quiet -- "$@"
