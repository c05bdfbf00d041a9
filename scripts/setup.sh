#!/usr/bin/env bash
# Brings what a fresh clone lacks to build the Worker: node packages and wasm-bindgen.
# All of it stays in this folder, at pinned versions. Quick where there is nothing to do.
. "$(dirname "$0")/lib/prologue.sh"

command -v cargo >/dev/null || fail "Rust is missing: install it from https://rustup.rs, then try again"
command -v npm >/dev/null || fail "npm is missing: install Node.js with npm, then try again"

# npm leaves a copy of the lock file behind when it is done.
if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
  say "installing the node packages of package-lock.json"
  npm ci --no-audit --no-fund --loglevel=error >&2 || fail "'npm ci' failed; the messages above say why"
fi
# npm 9 looks for `npx latchkey` in client/ here only, and then asks the registry for a package of that name.
ln -sf ../../scripts/latchkey.sh node_modules/.bin/latchkey
# The `node` package has a binary for most machines; elsewhere the machine's own must do.
node=$(node --version)
[ "$(printf 'v22.15.0\n%s\n' "$node" | sort -V | head -n 1)" = v22.15.0 ] ||
  fail "the build wants Node 22.15 or later, and this is $node: install a newer one, then try again"

# The command has to be of the version of its crate.
version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)
if ! grep -qs "^\"wasm-bindgen-cli $version " .tools/.crates.toml || ! [ -x .tools/bin/wasm-bindgen ]; then
  say "building wasm-bindgen $version (a minute, once)"
  # Without optimization, which takes longer than all that it will ever do.
  CARGO_PROFILE_DEV_DEBUG=false CARGO_TARGET_DIR=.tools/target \
    cargo install --quiet --locked --debug --root .tools --bin wasm-bindgen "wasm-bindgen-cli@$version" ||
    fail "wasm-bindgen could not be built; the messages above say why"
  rm -rf .tools/target
fi
