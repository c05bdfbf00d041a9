#!/usr/bin/env bash
# Serves the API at http://localhost:8787 on a local D1, and builds what changes in the source.
# Arguments go to `wrangler dev`: `npm start -- --port 8788`.
. "$(dirname "$0")/lib/prologue.sh"

scripts/setup.sh
node scripts/lib/dev-secret.mjs "$@"
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
export LATCHKEY_PROFILE=worker-dev # is built in less time
exec wrangler dev "$@"
