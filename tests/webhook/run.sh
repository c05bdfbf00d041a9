#!/usr/bin/env bash
# Sends events of the real Worker to the receivers of docs/admin.md, in JavaScript and in Python, with the libraries from npm and
# PyPI that verify them. Takes half a minute. Exit status 1 if anything is not so.
. "$(dirname "$0")/../../scripts/lib/prologue.sh"

scripts/lib/bundle.sh
bin=$(scripts/lib/python.sh webhook tests/webhook/requirements.txt)
PYTHON=$bin/python exec node --test --test-reporter=spec --test-timeout=180000 tests/webhook/receivers.test.mjs
