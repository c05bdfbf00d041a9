// The brand that the build puts into the pages.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";

const SCRIPT = resolve("scripts/lib/brand.mjs");
const BRAND = JSON.parse(readFileSync("src/pages/brand.json", "utf8"));
const directory = mkdtempSync(join(tmpdir(), "latchkey-brand-"));
after(() => rmSync(directory, { recursive: true }));

/** Brands the pages' sources. */
function build(brand, text = JSON.stringify({ ...BRAND, ...brand })) {
  rmSync(directory, { recursive: true });
  mkdirSync(join(directory, "src"), { recursive: true });
  cpSync("src/pages", join(directory, "src/pages"), { recursive: true });
  writeFileSync(join(directory, "src/pages/brand.json"), text);
  const { status, stderr } = spawnSync("node", [SCRIPT, "src/pages"], { cwd: directory, encoding: "utf8" });
  return { status, stderr, read: (name) => readFileSync(join(directory, "src/pages", name), "utf8") };
}

test("every page has the name, the colour and the logo", () => {
  const color = { light: "#7a1f6b", dark: "#f0a8e4" };
  const { status, stderr, read } = build({ name: 'Rock & "Roll"', color });
  assert.deepEqual([status, stderr], [0, ""]);
  for (const page of ["index.html", "admin.html", "404.html", "docs.html"]) {
    assert.match(read(page), /<title>[\w ]+ · Rock &#38; &#34;Roll&#34;<\/title>/);
    assert.doesNotMatch(read(page), /\{\{(name|logo)|Latchkey/);
  }
  assert.match(
    read("style.css"),
    /--accent: light-dark\(#7a1f6b, #f0a8e4\);\s+--on-accent: light-dark\(#ffffff, #062420\)/,
  );
  for (const style of ["style.css", "docs.css"]) {
    assert.doesNotMatch(read(style), /brand-(light|dark)/);
  }
});

for (const [what, brand, problem] of [
  ["no name", { name: " " }, '"name" has to be a text'],
  ["no colour", { color: { light: "teal", dark: "#5ecbb6" } }, '"color.light" has to be a colour such as "#0b6b5d"'],
  [
    "a colour that can't be read",
    { color: { light: "#5ecbb6", dark: "#5ecbb6" } },
    '"color.light", #5ecbb6, can\'t be read on #f5f7f6: its contrast is 1.8 of 4.5 to 1',
  ],
  ["a logo that is elsewhere", { logo: "../icon.svg" }, '"logo" has to be an SVG or PNG file in src/pages'],
  ["a logo that is missing", { logo: "logo.png" }, '"logo" has to be an SVG or PNG file in src/pages'],
]) {
  test(`a brand with ${what} is refused`, () => {
    const { status, stderr } = build(brand);
    assert.equal(status, 1);
    assert.ok(stderr.includes(problem), stderr);
  });
}

test("a brand that is no JSON is refused with the place", () => {
  const { status, stderr } = build({}, '{\n  "name": "Rock,\n}');
  assert.equal(status, 1);
  assert.match(stderr, /^latchkey: src\/pages\/brand\.json: Bad control character .* at position \d+.*\n$/);
});

test("the colours that the script measures against are the pages'", () => {
  const style = readFileSync("src/pages/style.css", "utf8");
  const [, light] = /--page: light-dark\((#\w+), /.exec(style);
  const [, dark] = /--card: light-dark\(#\w+, (#\w+)\)/.exec(style);
  assert.ok(readFileSync(SCRIPT, "utf8").includes(`BACKGROUND = { light: "${light}", dark: "${dark}" }`));
});
