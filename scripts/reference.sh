#!/usr/bin/env bash
# Checks the reference of the API with tools from PyPI: openapi-spec-validator, and schemathesis, which sends the running
# Worker what the reference allows and what it does not. Takes about two minutes. Exit status 1 if anything is not so.
set -euo pipefail
cd "$(dirname "$0")/.."

validator=0.9.0
schemathesis=4.32.5

scripts/setup.sh
export PATH="$PWD/node_modules/.bin:$PATH"
wrangler deploy --dry-run --outdir target/worker >&2
bin=.tools/reference/bin
installed="schemathesis $schemathesis, openapi-spec-validator $validator"
if [ "$(cat .tools/reference/installed 2>/dev/null)" != "$installed" ]; then
  echo "latchkey: installing $installed into .tools" >&2
  python3 -m venv --clear .tools/reference
  $bin/python -m pip install --quiet --disable-pip-version-check \
    "schemathesis==$schemathesis" "openapi-spec-validator==$validator"
  echo "$installed" > .tools/reference/installed
fi
exec node tests/reference/check.mjs $bin
