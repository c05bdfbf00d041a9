#!/usr/bin/env bash
# Serves the API at http://localhost:8787 on a local D1, and builds again when the source changes.
# Arguments go to `wrangler dev`: `npm start -- --port 8788`.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
export PATH="$PWD/node_modules/.bin:$PATH"

node scripts/dev-secret.mjs "$@"
# Asking wrangler takes seconds, so only when there could be something to apply.
state=.wrangler/state elsewhere=()
for argument in "$@" --; do
  case "${previous:-} $argument" in
    "--persist-to "*) state=$argument elsewhere=(--persist-to "$argument") ;;
    *" --persist-to="*) state=${argument#*=} elsewhere=("$argument") ;;
  esac
  previous=$argument
done
stamp=$state/v3/d1/migrated
if ! [ -e "$stamp" ] || [ -n "$(find migrations wrangler.toml -newer "$stamp")" ]; then
  CI=1 wrangler d1 migrations apply DB --local ${elsewhere[@]+"${elsewhere[@]}"}
  touch "$stamp"
fi
case " $* " in
  *" --port"*) ;;
  *) set -- --port 8787 "$@" ;; # or wrangler takes another when this one is in use
esac
exec wrangler dev "$@"
