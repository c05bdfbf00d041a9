// Size and permissions of the account page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const MAX_KIB = 30; // gzipped

const read = (path) => readFileSync(`build/assets/${path}`, "utf8");

test("the account page is small", () => {
  const html = read("index.html");
  const paths = [...html.matchAll(/(?:src|href)="\/([\w.]+\.(?:js|css))"/g)].map(([, path]) => path);
  assert.deepEqual(paths, ["style.css", "account.js"]);
  const bytes = [html, ...paths.map(read)].map((text) => gzipSync(text).length).reduce((sum, each) => sum + each);
  assert.ok(bytes <= MAX_KIB * 1024, `${bytes} bytes`);
});

test("the account page runs no script but its own", () => {
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
