#!/usr/bin/env bash
# Builds what surrounds the Worker, where it changed: the OpenAPI documents; the client, with types that are made of one of
# them, into client/dist/; and the static assets, which are the documents and the pages, into build/assets/.
. "$(dirname "$0")/prologue.sh"
. scripts/lib/step.sh

document=build/openapi/api/openapi/django.json # the dialects differ only in errors

documents() { cargo run --quiet --locked --no-default-features --bin openapi -- build/openapi; }
types() {
  openapi-typescript "$document" --output build/openapi.ts > build/openapi.log || { cat build/openapi.log >&2; exit 1; }
  # Committed, so that the client builds without Rust; .ci/run asks for that. Written only if it is another: what imports
  # it would be checked again.
  cmp -s build/openapi.ts client/src/openapi.ts || cp build/openapi.ts client/src/openapi.ts
}
# Writes only what changed: whoever develops an app with this client has it loaded again at each change.
client() { npm run --silent --workspace client build; }
check_pages() { tsc --project src/pages --incremental --tsBuildInfoFile build/.steps/pages.tsbuildinfo; } # esbuild checks no types
pages() {
  # Beside the old ones, which `npm start` serves meanwhile.
  local new=build/.assets
  rm -rf "$new"
  mkdir "$new"
  cp -R src/pages/_headers build/openapi/api "$new/"
  for page in src/pages/*.html; do # with what several have
    sed -e '/{{factor}}/{r src/pages/parts/factor.html' -e 'd;}' \
      -e '/{{proof}}/{r src/pages/parts/proof.html' -e 'd;}' "$page" > "$new/${page##*/}"
  done
  cp src/auth/common_passwords.txt "$new/api/"
  find src/pages \( -name '*.svg' -o -name '*.png' \) -exec cp {} "$new/" \;
  for form in log-in sign-up forgot-password log-in-by-mail; do
    cp "$new/index.html" "$new/$form.html" # links to its forms
  done
  esbuild src/pages/{account,admin,docs}.ts src/pages/{style,admin}.css --bundle --minify --format=esm --target=es2022 \
    --outdir="$new" --log-level=warning
  node scripts/lib/brand.mjs "$new"
  rm -rf build/assets
  mv "$new" build/assets
}

step documents build/openapi/api/openapi/realworld.json src Cargo.toml Cargo.lock -- documents
step types client/src/openapi.ts "$document" -- types
step client client/dist/index.js client/src client/tsconfig.json client/package.json -- client
step page-types client/dist/index.d.ts src/pages client/dist client/tsconfig.json -- check_pages
step pages build/assets/account.js src/pages client/dist build/openapi src/auth/common_passwords.txt -- pages
