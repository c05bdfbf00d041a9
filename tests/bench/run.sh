#!/usr/bin/env bash
# Measures the release build in workerd, and writes docs/benchmark.md and docs/benchmark.svg. Takes some minutes,
# and a quiet machine. Exit status 1 if a target of docs/benchmark.md is not met.
. "$(dirname "$0")/../../scripts/lib/prologue.sh"

scripts/build.sh >&2
toolchain=$(scripts/lib/wasm-toolchain.sh)
export CARGO_TARGET_DIR=$PWD/target/bench
target=wasm32-unknown-unknown

say "building what it is compared with"
for kind in empty hash; do
  features=(); [ $kind = empty ] || features=(--features "$kind")
  PATH="${toolchain:+$toolchain:}$PATH" cargo build --quiet --locked --release --manifest-path tests/bench/bare/Cargo.toml \
    --lib --target $target "${features[@]}"
  scripts/lib/bind.sh target/bench/$target/release/bare.wasm target/bench/$kind
  esbuild tests/bench/bare/entry.js --bundle --minify --format=esm '--external:*.wasm' --log-level=warning \
    --alias:bare="$PWD/target/bench/$kind/latchkey.js" --outfile=target/bench/$kind/index.js
done
cargo build --quiet --locked --release --manifest-path tests/bench/bare/Cargo.toml --features hash --bin native
cp target/bench/release/native target/bench/native

exec node tests/bench/main.mjs target/bench
