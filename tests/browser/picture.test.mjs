// The user's picture on the account page.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { button, field, fieldError, focused, newUser, says, signUp, storedToken } from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";

const PICTURE = "docs/account-light.png";

describeInBrowser("the picture", ({ open, startWorker }) => {
  let url;
  before(async () => {
    ({ url } = await startWorker());
  });

  const picture = (page) => page.locator("#picture");
  const save = async (page, address) => {
    await page.getByLabel("Image address").fill(address);
    await button(page, "Save profile").click();
  };

  test("is shown, and its server learns no address of a page and gets no token", async () => {
    const page = await open(url);
    let headers;
    await page.route("https://images.example.com/**", async (route) => {
      headers = await route.request().allHeaders();
      await route.fulfill({ path: PICTURE });
    });
    await signUp(page, newUser());
    assert.equal(await picture(page).isVisible(), false);
    await save(page, "http://images.example.com/jake.png"); // browsers ask for https as well
    await picture(page).waitFor();
    assert.equal(await picture(page).getAttribute("src"), "https://images.example.com/jake.png");
    assert.deepEqual([headers.referer, headers.authorization, headers.origin], [undefined, undefined, undefined]);
    await page.reload();
    await picture(page).waitFor();
    await save(page, "");
    await says(page, "Profile saved.");
    assert.equal(await picture(page).isVisible(), false);
  });

  test("is the first letter of the name where there is none to load", async () => {
    const page = await open(url, { expects: "ERR_FAILED" });
    await page.route("https://images.example.com/**", (route) => route.abort());
    await signUp(page, newUser());
    const failed = page.waitForEvent("requestfailed");
    await save(page, "https://images.example.com/none.png");
    await failed;
    assert.equal(await picture(page).isVisible(), false);
    await page.locator("#initial").getByText("j", { exact: true }).waitFor();
  });

  test("has an address of the web, or none", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    const sent = [];
    page.on("request", (request) => sent.push(request.method()));
    for (const address of [
      "javascript:alert(1)",
      "data:image/svg+xml,<svg/>",
      "me.jpg",
      "//example.com/me.jpg",
      "https://",
    ]) {
      await save(page, address);
      await fieldError(page, "Image address optional", "The address has to begin with https:// or http://.");
      await focused(page, page.getByLabel("Image address"));
    }
    assert.deepEqual(sent, []);
    await field(page, "Username").fill("jack");
    await save(page, "");
    await says(page, "Profile saved.");
  });

  test("an address that was stored otherwise is not loaded, and stays until it is changed", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    const token = await storedToken(page);
    const headers = { Authorization: `Token ${token}`, "Content-Type": "application/json" };
    const body = JSON.stringify({ user: { image: "javascript:alert(1)" } });
    assert.equal((await fetch(`${url}/api/user`, { method: "PATCH", headers, body })).status, 200);
    await page.reload();
    await page.getByText(`Logged in as ${user.username}`).waitFor();
    assert.equal(await picture(page).getAttribute("src"), null);
    await page.getByLabel("Bio").fill("I keep the keys.");
    await button(page, "Save profile").click();
    await says(page, "Profile saved.");
  });
});
