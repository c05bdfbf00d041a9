// Accessibility of each view of the account page by axe-core, and its layout on a narrow screen; of the API reference
// what the page makes of Swagger UI.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import axe from "axe-core";
import { button, choose, field, link, newUser, openToken, signUp, view, warns } from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";

describeInBrowser("the account page for all", ({ open, startWorker }) => {
  let url;
  before(async () => {
    ({ url } = await startWorker());
  });

  for (const colorScheme of ["light", "dark"]) {
    for (const width of [320, 1280]) {
      test(`${colorScheme}, ${width} pixels wide`, async () => {
        const page = await open(url, { colorScheme, viewport: { width, height: 800 } });
        const check = async (name) => {
          assert.deepEqual(await violations(page), [], name);
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, `${name}: its width`);
          assert.equal(await page.locator("h1").count(), 1, `${name}: its main headings`);
          assert.deepEqual(await tooSmall(page), [], `${name}: what to touch`);
        };

        await view(page, "Log in");
        await check("log in");
        await button(page, "Log in").click();
        await page.locator("[aria-invalid=true]").first().waitFor();
        await check("log in, with errors at fields");
        await page.getByLabel("Email").fill("nobody@example.com");
        await page.getByLabel("Password", { exact: true }).fill("guess");
        await button(page, "Log in").click();
        await warns(page, "is wrong");
        await check("log in, with an error of the form");

        await link(page, "Create an account").click();
        await check("sign up");
        await link(page, "Log in").click();
        const user = newUser();
        await signUp(page, { ...user, username: `${user.username}-${"long".repeat(50)}` });
        await check("account");
        await openToken(page);
        await button(page, "Save profile").click();
        await page.getByText("Nothing has changed.").waitFor();
        await check("account, with the token and a status");
        await field(page, "Email").fill("jake@");
        await field(page, "Your password").fill("guess");
        await button(page, "Save profile").click();
        await check("account, with a question");
        await choose(page, "Change your email?", "Change my email");
        await button(page, "Change password").click();
        await page.locator("#password [aria-invalid=true]").first().waitFor();
        await page.locator("#profile [aria-invalid=true]").first().waitFor();
        await check("account, with errors at the fields for passwords");
        await button(page, "Deactivate account…").click();
        await check("account, with the dialog");
        await button(page, "Keep my account").click();

        await page.route("**/api/user", (route) => route.abort());
        await page.reload();
        await warns(page, "could not be reached");
        await check("the start, without a connection");
        await page.unroute("**/api/user");
        await button(page, "Continue").click();
        await button(page, "Log out").click();
        await page.getByText("You are logged out.").waitFor();
        await check("log in, with a notice");

        await page.goto(`${url}/404`);
        await check("no such page");
      });
    }
  }
});

describeInBrowser("the API reference for all", ({ open, startWorker }) => {
  let url;
  before(async () => {
    ({ url } = await startWorker());
  });

  for (const colorScheme of ["light", "dark"]) {
    test(`${colorScheme}: it can be read, fits on a narrow screen, and shows the focus`, async () => {
      const page = await open(`${url}/docs`, { colorScheme, viewport: { width: 320, height: 800 } });
      const login = page.locator("#operations-Session-login");
      await login.locator(".opblock-summary-control").click();
      await button(login, "Execute").click();
      await login.locator(".live-responses-table").waitFor();
      assert.deepEqual(await violations(page, { runOnly: ["color-contrast"] }), []);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);

      await link(page, "← Your account").focus();
      const rings = [];
      for (let presses = 0; presses < 8; presses += 1) {
        await page.keyboard.press("Tab");
        rings.push(await page.evaluate(() => getComputedStyle(document.activeElement).outline));
      }
      const color = { light: "rgb(59, 65, 81)", dark: "rgb(228, 230, 230)" }[colorScheme];
      assert.deepEqual(rings, Array(8).fill(`${color} solid 2px`));
    });
  }
});

/** Controls that are smaller than 44 pixels in height or width. */
function tooSmall(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("button, input, textarea, summary, a")]
      .filter((control) => control.checkVisibility())
      .map((control) => [control.outerHTML, control.getBoundingClientRect()])
      .filter(([, { width, height }]) => Math.min(width, height) < 44)
      .map(([html]) => html),
  );
}

async function violations(page, options = {}) {
  await page.evaluate(axe.source);
  const results = await page.evaluate((options) => globalThis.axe.run(options), options);
  return results.violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
}
