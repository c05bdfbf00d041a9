#!/usr/bin/env bash
# Fuzzes one target of tests/api_sqlite/fuzz.rs, guided by coverage, until it fails or the time is up:
#   npm run fuzz TARGET [SECONDS]      TARGET: request, body, authorization, token, hash or email
# Stable Rust and a C++ compiler will do. The corpus is kept in target/fuzz/, and an input that fails is
# written there; its name is in the last lines.
. "$(dirname "$0")/../../scripts/lib/prologue.sh"

target=${1:?name a target: request, body, authorization, token, hash or email}
seconds=${2:-60}

# What libFuzzer needs of the compiler; with --target, build scripts are left as they are.
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
host=$(rustc --print host-tuple)
RUSTFLAGS=$coverage cargo build --quiet --release --manifest-path tests/fuzz/Cargo.toml --target "$host" --target-dir target/fuzz/build

mkdir -p "target/fuzz/$target/seeds" "target/fuzz/$target/corpus"
FUZZ_TARGET=$target FUZZ_SEEDS=target/fuzz/$target/seeds "target/fuzz/build/$host/release/fuzz" \
  -max_total_time="$seconds" -timeout=10 -max_len=8192 -print_final_stats=1 -artifact_prefix="target/fuzz/$target/" \
  "target/fuzz/$target/corpus" "target/fuzz/$target/seeds"
