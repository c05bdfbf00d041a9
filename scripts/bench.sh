#!/usr/bin/env bash
# Measures the release build in workerd, and writes docs/benchmark.md and docs/benchmark.svg. Takes some minutes,
# and a quiet machine. Exit status 1 if a target of docs/benchmark.md is not met.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/build.sh >&2
toolchain=$(scripts/wasm-toolchain.sh)
export PATH="$PWD/.tools/bin:$PWD/node_modules/.bin:$PATH" CARGO_TARGET_DIR=$PWD/target/bench
target=wasm32-unknown-unknown

echo "latchkey: building what it is compared with" >&2
for kind in empty hash; do
  features=(); [ $kind = empty ] || features=(--features "$kind")
  PATH="${toolchain:+$toolchain:}$PATH" cargo build --quiet --locked --release --manifest-path tests/bench/bare/Cargo.toml \
    --lib --target $target "${features[@]}"
  scripts/bind.sh target/bench/$target/release/bare.wasm target/bench/$kind
  esbuild tests/bench/bare/entry.js --bundle --minify --format=esm '--external:*.wasm' --log-level=warning \
    --alias:bare="$PWD/target/bench/$kind/latchkey.js" --outfile=target/bench/$kind/index.js
done
cargo build --quiet --locked --release --manifest-path tests/bench/bare/Cargo.toml --features hash --bin native
cp target/bench/release/native target/bench/native

exec node tests/bench/main.mjs target/bench
