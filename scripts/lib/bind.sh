#!/usr/bin/env bash
# Makes, of a compiled crate, a wasm module and the JavaScript that calls it: bind.sh FILE.wasm DIRECTORY
. "$(dirname "$0")/prologue.sh"

rm -rf "$2/snippets" # whose names change
# Names of functions would be 16 KiB of the upload; a panic names its file and line without them.
wasm-bindgen --target module --experimental-reset-state-function --remove-name-section --remove-producers-section --out-dir "$2" --out-name latchkey "$1"
mkdir -p "$2/snippets"
cp "$2/latchkey_bg.wasm" "$2/bound" # what is bundled may be an optimized one
# Workers import a module of WebAssembly by a plain `import`. (Not every sed can edit in place.)
# The crate `worker` exports classes that nothing here uses; without these lines esbuild leaves them out.
sed -E 's/^import source /import /; /^if \(Symbol\.dispose\)/d; s/: new FinalizationRegistry/: \/* @__PURE__ *\/ new FinalizationRegistry/' \
  "$2/latchkey.js" > "$2/latchkey.tmp"
mv "$2/latchkey.tmp" "$2/latchkey.js"
