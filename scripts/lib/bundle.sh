#!/usr/bin/env bash
# Builds the Worker and bundles it as for an upload, into target/worker/, which the tests serve.
. "$(dirname "$0")/prologue.sh"

scripts/setup.sh
wrangler deploy --dry-run --outdir target/worker >&2
