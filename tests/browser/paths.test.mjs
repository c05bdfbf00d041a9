// Paths of the account page.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { field, link, newUser, signUp, view } from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";

describeInBrowser("paths", ({ open, startWorker }) => {
  let url;
  before(async () => {
    ({ url } = await startWorker());
  });

  const path = (page) => new URL(page.url()).pathname;

  test("the forms have links of their own", async () => {
    const page = await open(`${url}/sign-up`);
    await view(page, "Create an account");
    await page.goto(`${url}/log-in`);
    await view(page, "Log in");
    await link(page, "Create an account").click();
    await view(page, "Create an account");
    assert.equal(path(page), "/sign-up");
    await field(page, "Email").fill("jake@example.com");
    await page.goBack();
    await view(page, "Log in");
    assert.equal(path(page), "/log-in");
    assert.equal(await field(page, "Email").inputValue(), "jake@example.com");
    await page.goForward();
    await view(page, "Create an account");
    assert.equal(await page.title(), "Create an account · Latchkey");
  });

  test("a link opens another tab when asked to", async () => {
    const page = await open(url);
    const tab = page.context().waitForEvent("page");
    await link(page, "Create an account").click({ modifiers: ["Control"] });
    await view(await tab, "Create an account");
    await view(page, "Log in");
  });

  test("who is logged in gets their account at each, and it stays when they go back", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    assert.equal(path(page), "/");
    await page.goBack();
    await view(page, "Your account");
    await page.goto(`${url}/sign-up`);
    await view(page, "Your account");
    assert.equal(path(page), "/");
  });

  test("any other shows a page that leads back", async () => {
    const page = await open(`${url}/nothing/here`, { expects: "404" });
    await view(page, "Page not found");
    await link(page, "Go to your account").click();
    await view(page, "Log in");
    assert.equal((await fetch(`${url}/nothing`)).status, 404);
    const api = await fetch(`${url}/api/nothing`);
    assert.deepEqual([api.status, await api.json()], [404, { errors: { error: ["Not found."] } }]);
  });
});
