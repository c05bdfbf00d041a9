#!/usr/bin/env bash
# Builds the Worker for release into build/. Wrangler runs this too, before it serves or deploys.
set -euo pipefail
cd "$(dirname "$0")/.."

max_kib=200 # of the upload, gzipped

scripts/setup.sh
toolchain=$(scripts/wasm-toolchain.sh)
export PATH="${toolchain:+$toolchain:}$PWD/.tools/bin:$PWD/node_modules/.bin:$PATH"
target=wasm32-unknown-unknown
[ -d target/$target/release ] || echo "latchkey: building the Worker (about a minute, the first time)" >&2
cargo rustc --release --lib --crate-type cdylib --target $target
rm -rf build
scripts/bind.sh target/$target/release/latchkey.wasm build
tsc --project src/worker # only checks: esbuild does not
esbuild src/worker/index.ts --bundle --minify --format=esm '--external:*.wasm' --outfile=build/index.js --log-level=warning
scripts/pages.sh

kib=$(($(cat build/index.js build/*.wasm | gzip -9 | wc -c) / 1024))
echo "latchkey: the Worker has $kib KiB gzipped, of $max_kib allowed" >&2
[ "$kib" -le "$max_kib" ]
