// The pages against axe-core's rules (WCAG 2.2 AA and good practice), narrow and wide, light and dark; and what they weigh.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { launch, skip } from "./browser.mjs";
import { register, serve } from "./worker.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");

/** What the account page can show, and how to get there. */
const VIEWS = {
  "log in": async () => {},
  "field errors": async (page) => {
    await page.locator("#register button").click();
    await page.locator("#register-email-error").waitFor();
  },
  "an error of the form": async (page) => {
    await logIn(page, "wrong horse");
    await page.locator("#login [role=alert]").waitFor();
  },
  "the user": async (page) => {
    await logIn(page);
    await page.locator("summary").click();
  },
  "the question": async (page) => {
    await logIn(page);
    await page.locator("#ask").click();
  },
};

async function logIn(page, password = "correct horse") {
  await page.locator("#login-email").fill("a11y@example.com");
  await page.locator("#login-password").fill(password);
  await page.locator("#login button").click();
  if (password === "correct horse") {
    await page.locator("#profile-title").waitFor();
  }
}

describe("the account page", { skip }, () => {
  let browser;
  let worker;

  before(async () => {
    [browser, worker] = await Promise.all([launch(), serve()]);
    await register(worker.origin, "a11y");
  });
  after(() => Promise.all([browser?.close(), worker?.server.close()]));

  for (const [view, show] of Object.entries(VIEWS)) {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [320, 1_280]) {
        test(`is accessible: ${view}, ${colorScheme}, ${width} pixels wide`, async (t) => {
          // axe is no script of the page's own origin.
          const options = { colorScheme, viewport: { width, height: 800 }, bypassCSP: true };
          const context = await browser.newContext(options);
          t.after(() => context.close());
          const page = await context.newPage();
          await page.goto(worker.origin);
          await page.locator("#login button").waitFor();
          await show(page);
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it scrolls sideways");
          await page.evaluate(axe);
          const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
          const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(", ")}`);
          assert.deepEqual(told, []);
          assert.ok(passes.length > 10);
        });
      }
    }
  }

  test("weighs less than 30 KiB", async () => {
    const page = await (await fetch(worker.origin)).text();
    const links = [...page.matchAll(/(?:src|href)="(\/[^"]*\.(?:js|css|svg))"/g)].map(([, link]) => link);
    assert.deepEqual(links, ["/icon.svg", "/account.css", "/account.js"]);
    const files = await Promise.all(links.map(async (link) => (await fetch(worker.origin + link)).text()));
    const bytes = [page, ...files].reduce((sum, file) => sum + gzipSync(file).length, 0);
    assert.ok(bytes < 30 * 1_024, `${bytes} bytes`);
  });
});
