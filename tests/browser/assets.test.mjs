// Sizes and permissions of the pages.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

/** Files of each page, and the most that they may have, gzipped. */
const PAGES = {
  "index.html": { files: ["style.css", "account.js"], maxKib: 30 },
  "admin.html": { files: ["style.css", "admin.css", "admin.js"], maxKib: 40 },
};

const read = (path) => readFileSync(`build/assets/${path}`, "utf8");

for (const [name, { files, maxKib }] of Object.entries(PAGES)) {
  test(`${name} is small, and has no script and no style of its own`, () => {
    const html = read(name);
    const paths = [...html.matchAll(/(?:src|href)="\/([\w.]+\.(?:js|css))"/g)].map(([, path]) => path);
    assert.deepEqual(paths, files);
    assert.doesNotMatch(html, /<style|<script(?! type="module" src=)|\s(style|on\w+)=|\{\{/);
    const bytes = [html, ...paths.map(read)].map((text) => gzipSync(text).length).reduce((sum, each) => sum + each);
    assert.ok(bytes <= maxKib * 1024, `${bytes} bytes`);
  });
}

test("no page but the API reference runs a script that is not its own", () => {
  const policy = /Content-Security-Policy: (.*)/.exec(read("_headers"))[1].split("; ");
  for (const rule of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' https:",
    "connect-src 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ]) {
    assert.ok(policy.includes(rule), rule);
  }
});

test("every page asks browsers to come back over https only", () => {
  const [forAll] = read("_headers").split("\n\n");
  assert.match(forAll, /^\/\*\n[\s\S]*^ {2}Strict-Transport-Security: max-age=63072000$/m);
});
