#!/usr/bin/env bash
# Measures the release build in workerd, and writes docs/benchmark.md and docs/benchmark.svg. Takes some minutes,
# and a quiet machine. Exit status 1 if a target of docs/benchmark.md is not met.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/build.sh >&2
toolchain=$(scripts/wasm-toolchain.sh)
export PATH="$PWD/.tools/bin:$PWD/node_modules/.bin:$PATH"
export WASM_BINDGEN_BIN=wasm-bindgen ESBUILD_BIN=esbuild CARGO_TARGET_DIR=$PWD/target/bench

echo "latchkey: building what it is compared with" >&2
for kind in empty hash; do
  features=(); [ $kind = empty ] || features=(--features "$kind")
  (cd tests/bench/bare && PATH="${toolchain:+$toolchain:}$PATH" worker-build --release --locked "${features[@]}" >&2)
  rm -rf "target/bench/$kind"
  mv tests/bench/bare/build "target/bench/$kind"
done
cargo build --quiet --locked --release --manifest-path tests/bench/bare/Cargo.toml --features hash --bin native
cp target/bench/release/native target/bench/native

exec node tests/bench/main.mjs target/bench
