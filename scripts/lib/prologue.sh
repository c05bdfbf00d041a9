# The beginning of each script, which sources this: stops at errors, works in the repository's directory, finds the
# tools that setup.sh brings.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH="$PWD/.tools/bin:$PWD/node_modules/.bin:$PATH"

say() { echo "latchkey: $*" >&2; }
fail() { say "$*"; exit 1; }
