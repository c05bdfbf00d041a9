#!/usr/bin/env bash
# Serves the API at http://localhost:8787 on a local D1, and takes up what changes in the source and the settings.
# Arguments are options of `wrangler dev`: `npm start -- --port 8788`.
. "$(dirname "$0")/lib/prologue.sh"

export CLOUDFLARE_CF_FETCH_ENABLED=false # or wrangler asks Cloudflare where this machine is
export WRANGLER_WRITE_LOGS=false
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
  say "applying the migrations to the local database"
  output=$(CI=1 wrangler d1 migrations apply DB --local ${elsewhere[@]+"${elsewhere[@]}"} 2>&1) ||
    { echo "$output" >&2; fail "the migrations failed; the messages above say why"; }
  touch "$stamp"
fi
exec node scripts/lib/dev.mjs "$@"
