#!/usr/bin/env bash
# Checks the reference of the API with tools from PyPI: openapi-spec-validator, and schemathesis, which sends the running
# Worker what the reference allows and what it does not. Takes about two minutes. Exit status 1 if anything is not so.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
export PATH="$PWD/node_modules/.bin:$PATH"
wrangler deploy --dry-run --outdir target/worker >&2
bin=.tools/reference/bin
requirements=tests/openapi/requirements.txt # of all packages, so that the same requests are made up each time
if ! cmp -s $requirements .tools/reference/installed; then
  echo "latchkey: installing schemathesis and openapi-spec-validator into .tools" >&2
  python3 -m venv --clear .tools/reference
  $bin/python -m pip install --quiet --disable-pip-version-check --requirement $requirements
  cp $requirements .tools/reference/installed
fi
exec node tests/openapi/check.mjs $bin
