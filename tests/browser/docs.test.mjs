// The reference as a page: it comes from this origin alone, keeps to its Content-Security-Policy, and can be tried.

import assert from "node:assert/strict";
import { test } from "node:test";
import { launch, skip } from "./browser.mjs";
import { serve } from "./worker.mjs";

test("the reference is shown, and a request can be tried", { skip }, async (t) => {
  const worker = await serve();
  t.after(() => worker.server.close());
  const browser = await launch();
  t.after(() => browser.close());
  const page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  const problems = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => {
    const isOurs = request.url().startsWith(worker.origin) || request.url().startsWith("data:");
    assert.ok(isOurs, request.url());
  });

  await page.goto(`${worker.origin}/docs`);
  const register = page.locator("#operations-Account-register");
  await register.getByRole("button", { name: /POST/ }).click();
  await register.getByRole("button", { name: "Execute" }).click();
  await register.locator(".live-responses-table", { hasText: '"username": "jake"' }).waitFor();
  const operations = await page.locator(".opblock-summary-path").count();
  assert.equal(operations, 15);
  assert.deepEqual(problems, []);
});
