// The API reference page: it loads nothing from other origins, and requests can be sent.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { describeInBrowser } from "./browser.mjs";

describeInBrowser("the API reference", ({ open, startWorker }) => {
  let url;
  before(async () => {
    ({ url } = await startWorker());
  });

  test("shows every request, and one can be tried", async () => {
    const page = await open("about:blank");
    const others = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith("data:")) {
        others.push(request.url());
      }
    });
    await page.goto(`${url}/docs`);
    const register = page.locator("#operations-Account-register");
    await register.getByRole("button", { name: /POST/ }).click();
    await register.getByRole("button", { name: "Execute" }).click();
    await register.locator(".live-responses-table", { hasText: '"username": "jake"' }).waitFor();
    assert.equal(await page.locator(".opblock-summary-path").count(), 15);
    assert.deepEqual(others, []);
  });
});
