#!/usr/bin/env bash
# Runs every test: unit tests, the API over SQLite, the API as the built Worker in workerd, and what uses it there: the
# client, a receiver of the webhook, and the pages in a browser. Those in the browser are skipped where there is none. Or runs one file
# of the last three, or one target of cargo:
#   npm test -- tests/browser/docs.test.mjs [OPTION OF node --test...]
#   npm test -- api_workerd [NAME OF A TEST...]
. "$(dirname "$0")/lib/prologue.sh"

run_node() { node --test --test-reporter=spec --test-timeout=180000 "$@"; }

case ${1:-} in
  "") ;;
  *.test.mjs)
    file=$1
    shift
    scripts/lib/bundle.sh
    run_node "$@" "$file"
    exit
    ;;
  *)
    if [ "$1" = api_workerd ]; then scripts/lib/bundle.sh; fi
    exec cargo test --test "$@"
    ;;
esac

scripts/setup.sh
cargo test
scripts/lib/bundle.sh
cargo test --test api_workerd

scripts/lib/chromium.sh
tsc --project tests/client
run_node 'tests/client/*.test.mjs' 'tests/webhook/*.test.mjs' 'tests/browser/*.test.mjs'
