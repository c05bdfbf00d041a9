#!/usr/bin/env bash
# Builds into build/ what changed. Wrangler runs this too, before it serves or deploys. LATCHKEY_PROFILE is a profile of
# Cargo.toml: release, which is what is deployed and tested, or worker-dev, which `npm start` sets.
. "$(dirname "$0")/lib/prologue.sh"
. scripts/lib/step.sh

profile=${LATCHKEY_PROFILE:-release}
max_kib=240 # of the upload, gzipped
target=wasm32-unknown-unknown
wasm=target/$target/$profile/latchkey.wasm

scripts/setup.sh
toolchain=$(scripts/lib/wasm-toolchain.sh)
[ -d "target/$target/$profile" ] || say "building the Worker (minutes, the first time)"
PATH="${toolchain:+$toolchain:}$PATH" cargo rustc --profile "$profile" --lib --crate-type cdylib --target $target

bundle() {
  esbuild src/worker/index.ts --bundle --minify --format=esm '--external:*.wasm' '--external:cloudflare:*' --outfile=build/index.js --log-level=warning
  if [ "$profile" = release ]; then
    node scripts/lib/optimize.mjs build/bound build/index.js build/latchkey_bg.wasm
  else
    cp build/bound build/latchkey_bg.wasm
  fi
}
check_worker() {
  tsc --project src/worker --incremental --tsBuildInfoFile build/.steps/worker.tsbuildinfo # esbuild checks no types
}
step bind build/latchkey.js "$wasm" Cargo.lock -- scripts/lib/bind.sh "$wasm" build
step worker-types build/latchkey.d.ts src/worker client/tsconfig.json build/latchkey.d.ts build/latchkey_bg.wasm.d.ts \
  -- check_worker
step bundle build/index.js "$wasm" src/worker build/latchkey.js build/snippets -- bundle
scripts/lib/pages.sh

[ "$profile" = release ] || exit 0
kib=$(($(cat build/index.js build/latchkey_bg.wasm | gzip -9 | wc -c) / 1024))
say "the Worker has $kib KiB gzipped, of $max_kib allowed"
[ "$kib" -le "$max_kib" ]
