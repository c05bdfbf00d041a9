// Puts the brand of src/pages/brand.json into the built pages: replaces {{name}} and {{logo}} in their HTML, and the
// colours of style.css. `brand.mjs DIRECTORY` changes the files of that directory.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE = "src/pages/brand.json";
/** The background that the colour stands out least on, as links do: of style.css, --page if light, --card if dark. */
const BACKGROUND = { light: "#f5f7f6", dark: "#191f1e" };
const TEXTS = ["#ffffff", "#062420", "#000000"]; // on the colour, as on buttons
const MIN_CONTRAST = 4.5; // of WCAG 2, level AA

const [directory] = process.argv.slice(2);

function fail(problem) {
  console.error(`latchkey: ${FILE}: ${problem}`);
  process.exit(1);
}

function read() {
  try {
    return JSON.parse(readFileSync(FILE, "utf8"));
  } catch ({ message }) {
    return fail(message.split("\n")[0]);
  }
}

/** Relative luminance, and from that contrast, as WCAG 2 defines them. */
function luminance(hex) {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const value = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const { name, color, logo } = read();
if (typeof name !== "string" || name.trim() === "") {
  fail('"name" has to be a text');
}
if (!/^[\w-]+\.(svg|png)$/.test(logo) || !readdirSync(directory).includes(logo)) {
  fail(`"logo" has to be an SVG or PNG file in src/pages, such as "icon.svg"; it is ${JSON.stringify(logo)}`);
}
const onColor = {};
for (const [scheme, background] of Object.entries(BACKGROUND)) {
  const value = color?.[scheme];
  if (!/^#[\da-f]{6}$/i.test(value)) {
    fail(`"color.${scheme}" has to be a colour such as "#0b6b5d"; it is ${JSON.stringify(value)}`);
  }
  const ratio = contrast(value, background);
  if (ratio < MIN_CONTRAST) {
    fail(
      `"color.${scheme}", ${value}, can't be read on ${background}: its contrast is ${ratio.toFixed(1)} of 4.5 to 1`,
    );
  }
  onColor[scheme] = TEXTS.find((text) => contrast(text, value) >= MIN_CONTRAST);
}

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
const values = {
  "{{name}}": escaped(name),
  "{{logo}}": logo,
  "brand-light": color.light,
  "brand-dark": color.dark,
  "on-brand-light": onColor.light,
  "on-brand-dark": onColor.dark,
};
const placeholders = { html: /\{\{(?:name|logo)\}\}/g, css: /\b(?:on-)?brand-(?:light|dark)\b/g };

for (const file of readdirSync(directory)) {
  const placeholder = placeholders[file.split(".").at(-1)];
  if (placeholder) {
    const path = join(directory, file);
    writeFileSync(
      path,
      readFileSync(path, "utf8").replace(placeholder, (found) => values[found]),
    );
  }
}
