// The API reference page: it loads nothing from other origins, and requests can be sent.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { link, says, view } from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";

describeInBrowser("the API reference", ({ open, startWorker }) => {
  let url;
  before(async () => {
    ({ url } = await startWorker());
  });

  /** Sends the request of an operation, as it is filled in, and waits for its response. */
  async function send(page, operation, text) {
    const block = page.locator(`#operations-${operation}`);
    await block.locator(".opblock-summary-control").click();
    await block.getByRole("button", { name: "Execute" }).click();
    await block.locator(".live-responses-table", { hasText: text }).waitFor();
  }

  test("shows every request but preflights, and one can be tried", async () => {
    const page = await open("about:blank");
    const others = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith("data:")) {
        others.push(request.url());
      }
    });
    await page.goto(`${url}/docs`);
    await send(page, "Account-register", '"username": "jake"');
    const { paths } = await (await fetch(`${url}/api/openapi.json`)).json();
    const methods = Object.values(paths).flatMap(Object.keys);
    const shown = methods.filter((method) => method !== "options");
    assert.equal(await page.locator(".opblock-summary-path:visible").count(), shown.length);
    assert.equal(await page.getByText("Preflights").isVisible(), false);
    assert.equal(await page.getByText("Schemas").count(), 0);
    assert.deepEqual(others, []);
  });

  test("uses the token of a login at once, and the fresh one of each response", async () => {
    const page = await open(`${url}/docs`);
    const login = page.waitForResponse("**/api/users/login");
    await page.locator("#operations-Session-login").waitFor();
    await fetch(`${url}/api/users`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user: { username: "jake", email: "jake@example.com", password: "correct horse" } }),
    });
    await send(page, "Session-login", '"username": "jake"');
    const { user } = await (await login).json();
    await says(page, "Requests have the token of jake.");

    const current = page.waitForRequest("**/api/user");
    await send(page, "Account-currentUser", '"username": "jake"');
    assert.equal((await current).headers().authorization, `Bearer ${user.token}`);
  });

  const INVITATION = "Register or log in here, and the requests that follow have your token.";
  const newUserOf = (username) => ({ username, email: `${username}@example.com`, password: "correct horse" });

  /** Opens the page, and registers a user there. Returns the token too. */
  async function register(username) {
    const page = await open("about:blank");
    await page.route("**/api/users", (route) => route.continue({ postData: { user: newUserOf(username) } }));
    await page.goto(`${url}/docs`);
    const response = page.waitForResponse("**/api/users");
    await send(page, "Account-register", `"username": "${username}"`);
    await says(page, `Requests have the token of ${username}.`);
    return { page, token: (await (await response).json()).user.token };
  }

  /** Checks that the next request has no token. */
  async function sendsNoToken(page) {
    const current = page.waitForRequest((request) => request.method() === "GET");
    await send(page, "Account-currentUser", "401");
    assert.equal((await current).headers().authorization, undefined);
  }

  test("forgets the token with its session, which a request of the page has ended", async () => {
    const { page } = await register("here");
    await send(page, "Session-logout", "204");
    await says(page, INVITATION);
    await sendsNoToken(page);
  });

  test("forgets the token of a session that has ended in another tab, once one comes back", async () => {
    const { page, token } = await register("elsewhere");
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    await says(page, "Requests have the token of elsewhere.");
    await fetch(`${url}/api/users/logout`, { method: "POST", headers: { Authorization: `Token ${token}` } });
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    await says(page, INVITATION);
    await sendsNoToken(page);
  });

  test("forgets the token with the dialog for it", async () => {
    const { page } = await register("dialog");
    await page.getByRole("button", { name: "Authorize" }).first().click();
    await page.getByRole("button", { name: "Remove authorization" }).click();
    await page.getByRole("button", { name: "Close" }).last().click();
    await says(page, INVITATION);
    await sendsNoToken(page);
  });

  test("keeps the token after a request that fails", async () => {
    const { page } = await register("failing");
    await page.route("**/api/users/login", (route) => route.fulfill({ status: 401, json: {} }));
    const asked = page.waitForResponse("**/api/user");
    await send(page, "Session-login", "401");
    await (await asked).finished();
    await says(page, "Requests have the token of failing.");
  });

  test("leads back to the account", async () => {
    const page = await open(`${url}/docs`);
    await link(page, "← Your account").click();
    await view(page, "Log in");
  });
});
