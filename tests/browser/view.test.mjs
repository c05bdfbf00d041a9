// What the account page shows, and how.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  button,
  choose,
  field,
  fieldError,
  link,
  newUser,
  openToken,
  says,
  signUp,
  storedToken,
  view,
} from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";

describeInBrowser("the view", ({ open, startWorker }) => {
  let url;
  before(async () => {
    ({ url } = await startWorker());
  });

  test("a password is shown and hidden by a button that says which", async () => {
    const page = await open(url);
    const password = field(page, "Password");
    for (const [name, word, type] of [
      ["Show password", "Show", "text"],
      ["Hide password", "Hide", "password"],
    ]) {
      assert.equal(await button(page, name).innerText(), word);
      await button(page, name).click();
      assert.equal(await password.getAttribute("type"), type);
    }
    const decoration = await button(page, "Show password").evaluate((shown) => getComputedStyle(shown).textDecoration);
    assert.doesNotMatch(decoration, /line-through/);
  });

  test("a name from right to left turns nothing around it", async () => {
    const page = await open(url);
    const user = { ...newUser(), username: "ירושלים" };
    await signUp(page, user);
    const after = await page.evaluate(() => {
      const left = (element) => element.getBoundingClientRect().left;
      const [who, address] = ["who", "address"].map((id) => document.getElementById(id));
      return left(address) > left(who) && [who, address].every(({ localName }) => localName === "bdi");
    });
    assert.ok(after);
  });

  test("the token is out of sight, and can be copied", async () => {
    const page = await open(url, { permissions: ["clipboard-read", "clipboard-write"] });
    await signUp(page, newUser());
    const token = await storedToken(page);
    assert.equal(await page.getByText(token, { exact: true }).isVisible(), false);
    await openToken(page);
    await button(page, "Copy the token").click();
    await says(page, "Copied.");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token);
  });

  test("where the browser denies to copy, the token is selected", async () => {
    const page = await open(url);
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined }));
    await page.reload();
    await signUp(page, newUser());
    await openToken(page);
    await button(page, "Copy the token").click();
    await says(page, "It is selected: copy it with Ctrl+C or ⌘C.");
    const token = await storedToken(page);
    assert.equal(await page.evaluate(() => String(getSelection()).trim()), token);
  });

  test("a reload shows the account, and nothing before it", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    await page.addInitScript(() => {
      globalThis.seen = new Set();
      const look = () => {
        const card = document.querySelector("#view .guest");
        globalThis.seen.add(card?.checkVisibility() ? "card" : "");
      };
      new MutationObserver(look).observe(document, { attributes: true, childList: true, subtree: true });
    });
    await page.reload();
    await view(page, "Your account");
    await button(page, "Save profile").waitFor();
    assert.deepEqual(await page.evaluate(() => [...globalThis.seen]), [""]);
  });

  test("a slow reload says what it waits for", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    let release;
    const released = new Promise((resolve) => (release = resolve));
    await page.route("**/api/user", async (route) => {
      await released;
      await route.continue();
    });
    await page.reload();
    await says(page, "Looking up your account…");
    release();
    await button(page, "Save profile").waitFor();
  });

  test("at a zoom of 400 %, questions can be read and answered", async () => {
    const page = await open(url, { viewport: { width: 320, height: 256 } });
    const email = `${"long".repeat(15)}@${"long".repeat(15)}.example.com`;
    await signUp(page, newUser());
    await field(page, "Email").fill(email);
    await field(page, "Your password").fill("correct horse");
    await button(page, "Save profile").click();
    await page.getByText(`You will log in with ${email}`).waitFor();
    const { width } = await page.getByRole("dialog").boundingBox();
    assert.ok(width <= 320, `${width}`);
    await choose(page, "Change your email?", "Change my email");
    await says(page, "Profile saved.");
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  });

  test("the token that is shown is the last one given, and its age is kept current", async () => {
    const page = await open(url);
    await page.clock.install();
    await signUp(page, newUser());
    const answer = page.waitForResponse("**/api/user");
    await page.getByLabel("Bio").fill("I keep the keys.");
    await button(page, "Save profile").click();
    const { token } = (await (await answer).json()).user;
    await says(page, "Profile saved.");

    await openToken(page);
    await page.getByText(token, { exact: true }).waitFor();
    assert.equal(await storedToken(page), token);
    const { id, sid, exp } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
    const claims = page.locator("dl");
    await claims.getByText(String(id), { exact: true }).waitFor();
    await claims.getByText(sid, { exact: true }).waitFor();
    const time = new Date(exp * 1000).toISOString();
    assert.equal(await claims.locator("time").nth(1).getAttribute("datetime"), time);

    await page.clock.runFor("03:10");
    await page.getByText("Issued 3 minutes ago, expires in 60 days.").waitFor();
  });
});

describeInBrowser("the rules of a new password", ({ open, startWorker }) => {
  const WORDS = "your username, the first part of your email, or the name of this site";
  const STRICT = `Not one that many people use, nor one with ${WORDS} in it.`;

  /** Waits for the hint of a field to which that refers. */
  async function hints(page, label, text) {
    const [, id] = (await field(page, label).getAttribute("aria-describedby")).split(" ");
    await page.locator(`#${id}`).getByText(text, { exact: true }).waitFor();
  }

  test("are shown as the deployment has them, before anything is sent", async () => {
    const { url } = await startWorker({ PASSWORD_MIN_LENGTH: "15", PASSWORD_BLOCKLIST: "refuse" });
    const page = await open(`${url}/sign-up`, { viewport: { width: 320, height: 800 } });
    await hints(page, "Password", `At least 15 characters. ${STRICT}`);
    for (const [typed, missing] of [
      ["five5", ", 10 more to go"],
      ["  five5\t", ", 10 more to go"],
      ["cafe\u0301 au lait", ", 3 more to go"],
      ["\u{1f511}".repeat(14), ", 1 more to go"],
      ["correct horse battery", ""],
      [" ", ""],
    ]) {
      await field(page, "Password").fill(typed);
      await hints(page, "Password", `At least 15 characters${missing}. ${STRICT}`);
    }
    await page.goto(url);
    const password = "a staple for batteries";
    await signUp(page, { ...newUser(), password });
    await hints(page, "New password", `At least 15 characters. ${STRICT}`);
    await field(page, "Current password").fill(password);
    await field(page, "New password").fill("a horse");
    await hints(page, "New password", `At least 15 characters, 8 more to go. ${STRICT}`);
    await button(page, "Change password").click();
    await fieldError(page, "New password", "A password needs at least 15 characters.");
    await field(page, "New password").fill("another staple for batteries");
    await button(page, "Change password").click();
    await says(page, "Password changed.");
    await hints(page, "New password", `At least 15 characters. ${STRICT}`);
  });

  test("are no more than the deployment's", async () => {
    const { url } = await startWorker();
    const page = await open(url);
    const document = page.waitForResponse("**/api/openapi.json");
    await link(page, "Create an account").click();
    await (await document).finished();
    await field(page, "Password").fill("x");
    await hints(page, "Password", "At least 8 characters, 7 more to go.");
  });

  test("are the server's to enforce where they can't be read", async () => {
    const { url } = await startWorker({ PASSWORD_MIN_LENGTH: "15" });
    const page = await open(url);
    await page.route("**/api/openapi.json", (route) => route.abort());
    await link(page, "Create an account").click();
    await hints(page, "Password", "At least 8 characters.");
    await field(page, "Password").fill("correct horse");
    await button(page, "Sign up").click();
    await fieldError(page, "Password", "A password needs at least 15 characters.");
    await hints(page, "Password", "At least 8 characters.");
  });
});
