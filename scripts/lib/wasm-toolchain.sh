#!/usr/bin/env bash
# Finds, or makes, a Rust toolchain that can build for wasm32-unknown-unknown.
# Prints the directory to put first in PATH, or nothing if the active toolchain will do.
#
# In this order: the active toolchain as it is; one that this script made before; `rustup target
# add`; and, where rustup's server can't be reached, Debian's newer compiler with a standard library
# that is built from Debian's sources into a sysroot of our own. Plain cargo stays as it is.
. "$(dirname "$0")/prologue.sh"

target=wasm32-unknown-unknown
root=$PWD/.tools/rust-wasm

has_target() { [ -n "$(find "$1/lib/rustlib/$target/lib" -name libstd.rlib -o -name 'libstd-*.rlib' 2>/dev/null)" ]; }
# The sysroot is of use only to the compiler that built it.
is_current() { has_target "$root" && [ "$(cat "$root/version" 2>/dev/null)" = "$(/usr/bin/rustc --version 2>/dev/null)" ]; }

if has_target "$(rustc --print sysroot)"; then exit; fi
if is_current; then echo "$root/bin"; exit; fi

if command -v rustup >/dev/null; then
  say "adding the $target target with rustup"
  if rustup target add "$target" >&2 && has_target "$(rustc --print sysroot)"; then exit; fi
  say "rustup could not add the target; looking for Debian's Rust sources instead"
fi

if ! command -v apt-get >/dev/null; then
  say "no way to build for $target: run 'rustup target add $target' where the network allows it, then try again"
  exit 1
fi
install() {
  dpkg --status "$@" >/dev/null 2>&1 && return
  say "installing Debian's packages: $*"
  local as_root=; [ "$(id -u)" = 0 ] || as_root=sudo
  if ! { $as_root apt-get update -qq && $as_root apt-get install -qq -y --no-remove --no-install-recommends "$@"; } >&2; then
    say "they can't be installed: run 'apt-get install $*' as root, then try again"
    exit 1
  fi
}
install rustc-web cargo-web rust-web-src
# The linker must be as new as the LLVM of the compiler.
llvm=$(/usr/bin/rustc --version --verbose | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
install "lld-$llvm"

say "building the standard library for $target from Debian's sources (about 30 seconds)"
host=$(/usr/bin/rustc --print host-tuple)
source=$(realpath "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust")
rm -rf "$root"
mkdir -p "$root/bin" "$root/lib/rustlib/$target/lib" "$root/lib/rustlib/$host/bin"
cp -r "$source/library" "$root/library"
# The recipe of the Rust project for the libraries that it ships, so that LTO works on them.
if ! (cd "$root/library" && env -u RUSTUP_TOOLCHAIN -u CARGO_ENCODED_RUSTFLAGS \
    RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zforce-unstable-if-unmarked RUSTC=/usr/bin/rustc CARGO_TARGET_DIR="$root/target" \
    /usr/bin/cargo build --quiet --locked --profile dist -p sysroot --features compiler-builtins-mem --target "$target" >&2); then
  say "the standard library did not build; the messages above say why"
  exit 1
fi
cp "$root/target/$target/dist/deps/"*.rlib "$root/lib/rustlib/$target/lib/"
rm -rf "$root/library" "$root/target"
ln -s "$(/usr/bin/rustc --print sysroot)/lib/rustlib/$host/lib" "$root/lib/rustlib/$host/lib"
ln -s "/usr/bin/lld-$llvm" "$root/lib/rustlib/$host/bin/rust-lld"
ln -s /usr/bin/cargo "$root/bin/cargo"
printf '#!/bin/sh\nexec /usr/bin/rustc --sysroot "%s" "$@"\n' "$root" > "$root/bin/rustc"
chmod +x "$root/bin/rustc"
/usr/bin/rustc --version > "$root/version"
echo "$root/bin"
