// Draws the mails of tests/fixtures/mails, light and dark, narrow and wide: all into target/mails, and some of them
// onto one sheet for the documents. `npm run mails` runs this.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { launch } from "./browser.mjs";

const FIXTURES = "tests/fixtures/mails";
const DRAWN = "target/mails";
const SHEET = [
  ["password-reset-light-640", "account-deactivated-dark-640"],
  ["password-reset-dark-320", "password-changed-by-administrator-light-320"],
];

/** Draws a document, as high as it is. */
async function draw(browser, html, { path, ...options }) {
  const page = await browser.newPage(options);
  await page.setContent(html);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.equal(overflow, 0, `${path} is wider than its window`);
  await page.screenshot({ path, fullPage: true });
  await page.close();
}

mkdirSync(DRAWN, { recursive: true });
const browser = await launch();
try {
  for (const file of readdirSync(FIXTURES).filter((name) => name.endsWith(".html"))) {
    const html = readFileSync(`${FIXTURES}/${file}`, "utf8");
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [320, 640]) {
        const path = `${DRAWN}/${file.replace(".html", "")}-${colorScheme}-${width}.png`;
        await draw(browser, html, { path, colorScheme, viewport: { width, height: 100 } });
      }
    }
  }
  const picture = (name) => {
    const data = readFileSync(`${DRAWN}/${name}.png`).toString("base64");
    return `<img alt="" style="display: block; margin-bottom: 16px" src="data:image/png;base64,${data}">`;
  };
  const columns = SHEET.map((names) => `<div>${names.map(picture).join("")}</div>`);
  const style = "margin: 0; padding: 16px 16px 0; display: flex; gap: 16px; background: #9aa5a2";
  const sheet = `<!doctype html><body style="${style}">${columns.join("")}</body>`;
  await draw(browser, sheet, { path: "docs/mails.png", viewport: { width: 1008, height: 100 } });
} finally {
  await browser.close();
}
