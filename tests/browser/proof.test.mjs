// The password again on the account page, where the API wants a recent proof; and passwords that are refused.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import axe from "axe-core";
import {
  button,
  choose,
  field,
  fieldError,
  link,
  newUser,
  PASSWORD,
  says,
  signUp,
  storedToken,
  view,
  warns,
} from "./account.mjs";
import { ageProof } from "./age.mjs";
import { describeInBrowser } from "./browser.mjs";

const QUESTION = "Is it still you?";

describeInBrowser("a proof that is too old", ({ open, startWorker }) => {
  let url;
  before(async () => {
    ({ url } = await startWorker({ REAUTHENTICATE_MINUTES: "10" }));
  });

  const deactivate = async (page) => {
    await button(page, "Deactivate account…").click();
    await choose(page, "Deactivate your account?", "Deactivate");
    const dialog = page.getByRole("dialog", { name: QUESTION });
    await dialog.waitFor();
    return dialog;
  };

  test("is renewed in a dialog, by keyboard, on a narrow screen", async () => {
    const page = await open(url, { viewport: { width: 320, height: 800 }, colorScheme: "dark" });
    await signUp(page, newUser());
    await ageProof(page);
    const dialog = await deactivate(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    assert.deepEqual(violations, []);

    // The focus is in the field; a wrong password is told there, and what was typed stays.
    const password = field(dialog, "Password");
    await page.locator(":focus").and(password).waitFor();
    await page.keyboard.press("Enter");
    await fieldError(dialog, "Password", "Enter a password.");
    await page.keyboard.type("wrong horse");
    await page.keyboard.press("Enter");
    await fieldError(dialog, "Password", "This is not your password.");
    await password.fill("");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await says(page, "Your account is deactivated.");
  });

  test("can be left as it is", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    await ageProof(page);
    const leave = [(dialog) => button(dialog, "Cancel").click(), () => page.keyboard.press("Escape")];
    for (const close of leave) {
      const dialog = await deactivate(page);
      await field(dialog, "Password").fill("wrong horse");
      await close(dialog);
      await warns(page, "This needs a new proof that it is you. Nothing was changed.");
      assert.equal(await dialog.count(), 0);
    }
    // Nothing typed is left in the page.
    assert.equal(await page.locator("#proof-password").inputValue(), "");
    await page.reload();
    await view(page, "Your account");
  });

  test("asks nothing where a form has the password", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    await ageProof(page);
    await field(page, "Current password").fill(PASSWORD);
    await field(page, "New password").fill("another horse");
    await button(page, "Change password").click();
    await says(page, "Password changed. Your other devices are logged out.");
    await field(page, "Email").fill(`new-${user.email}`);
    await field(page, "Your password").fill("another horse");
    await button(page, "Save profile").click();
    await choose(page, "Change your email?", "Change my email");
    await says(page, "Profile saved.");
  });

  test("is asked for again after a login, though the page left the question open", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    await ageProof(page);
    let release;
    const held = new Promise((resolve) => (release = resolve));
    const invalid = { user: { detail: "Invalid authentication. Could not decode token." } };
    await page.route("**/api/user", async (route) => {
      if (route.request().method() !== "PATCH") {
        return route.continue();
      }
      await held;
      await route.fulfill({ status: 401, json: invalid });
    });
    await page.getByLabel("Bio").fill("x");
    await button(page, "Save profile").click();
    await page.waitForFunction(() => document.getElementById("save").ariaBusy === "true");
    await deactivate(page);
    release();
    await says(page, "Your session has ended. Please log in again.");

    await field(page, "Email").fill(user.email);
    await field(page, "Password").fill(PASSWORD);
    await button(page, "Log in").click();
    await view(page, "Your account");
    await ageProof(page);
    const dialog = await deactivate(page);
    await field(dialog, "Password").fill(PASSWORD);
    await button(dialog, "Go on").click();
    await says(page, "Your account is deactivated.");
  });

  test("of a session that has ended meanwhile leads to the login", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    await ageProof(page);
    const dialog = await deactivate(page);
    const headers = { Authorization: `Token ${await storedToken(page)}` };
    const { status } = await fetch(`${url}/api/users/logout?scope=all`, { method: "POST", headers });
    assert.equal(status, 204);
    await field(dialog, "Password").fill(PASSWORD);
    await button(dialog, "Go on").click();
    await says(page, "Your session has ended. Please log in again.");
    await view(page, "Log in");
  });
});

describeInBrowser("a password that is refused", ({ open, startWorker }) => {
  test("is told at its field, in words of the page", async () => {
    for (const API_DIALECT of ["django", "realworld"]) {
      const { url } = await startWorker({ API_DIALECT, PASSWORD_BLOCKLIST: "refuse", PASSWORD_MIN_LENGTH: "10" });
      const page = await open(url);
      await link(page, "Create an account").click();
      await field(page, "Username").fill("jake");
      await field(page, "Email").fill("jacob@example.com");
      for (const [password, text] of [
        ["ninechars", "A password needs at least 10 characters."],
        ["1234567890", "Many people use this password. Choose another."],
        ["my own Jake", "Choose a password without your username in it."],
        ["my own Jacob", "Choose a password without the first part of your email in it."],
        ["my own Latchkey", "Choose a password without the name of this site in it."],
      ]) {
        await field(page, "Password").fill(password);
        await button(page, "Sign up").click();
        await fieldError(page, "Password", text);
      }
      // Of a service that no test asks.
      const breached = {
        django: "This password has appeared in a data breach.",
        realworld: "has appeared in a data breach",
      }[API_DIALECT];
      const json = { errors: { password: [breached] } };
      await page.route("**/api/users", (route) => route.fulfill({ status: 400, json }));
      await button(page, "Sign up").click();
      const text = "This password was stolen from a site once, and is on lists that attackers try. Choose another.";
      await fieldError(page, "Password", text);
    }
  });
});
