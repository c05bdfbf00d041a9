#!/usr/bin/env bash
# Checks the OpenAPI document with tools from PyPI: openapi-spec-validator, and schemathesis, which sends the running
# Worker what the document allows and what it does not. Takes about two minutes. Exit status 1 if anything is not so.
. "$(dirname "$0")/../../scripts/lib/prologue.sh"

scripts/lib/bundle.sh
bin=$(scripts/lib/python.sh openapi tests/openapi/requirements.txt)
exec node tests/openapi/check.mjs "$bin"
