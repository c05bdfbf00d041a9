// The account page in a real browser, on the built Worker.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, skip } from "./browser.mjs";
import { register, serve } from "./worker.mjs";

const WORDS = {
  django: {
    required: "This field is required.",
    blank: "This field may not be blank.",
    email: "Enter a valid email address.",
    short: "Ensure this field has at least 8 characters.",
    taken: "user with this email already exists.",
    wrong: "A user with this email and password was not found.",
    deactivated: "This user has been deactivated.",
  },
  realworld: {
    blank: "can't be blank",
    email: "is invalid",
    short: "is too short (minimum is 8 characters)",
    taken: "has already been taken",
    wrong: "credentials invalid.",
    deactivated: "account is deactivated.",
  },
};

for (const dialect of ["django", "realworld"]) {
  describe(`the account page, where errors are those of ${dialect}`, { skip }, () => {
    const words = WORDS[dialect];
    let browser;
    let worker;

    before(async () => {
      [browser, worker] = await Promise.all([launch(), serve({ API_DIALECT: dialect })]);
    });
    after(() => Promise.all([browser?.close(), worker?.server.close()]));

    /** The page in a tab of its own; what goes wrong in it fails the test. */
    async function open(t) {
      const context = await browser.newContext();
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      const problems = [];
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("console", (message) => {
        // The browser tells of each answer that is no success, and of each that does not come.
        if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
          problems.push(message.text());
        }
      });
      t.after(async () => {
        await context.close();
        assert.deepEqual(problems, []);
      });
      await page.goto(worker.origin);
      return page;
    }

    const form = (page, id) => page.locator(`form#${id}`);
    const text = (locator, expected) => locator.filter({ hasText: expected }).waitFor();
    const status = (page, expected) => text(page.getByRole("status"), expected);
    const alert = (page, expected) => text(page.getByRole("alert"), expected);
    const heading = (page, name) => page.getByRole("heading", { name, exact: true }).waitFor();
    const focused = (page) => page.evaluate(() => document.activeElement.id);

    async function send(page, id, fields, name) {
      for (const [field, value] of Object.entries(fields)) {
        await form(page, id).locator(`[name=${field}]`).fill(value);
      }
      await form(page, id).getByRole("button", { name, exact: true }).click();
    }

    const login = (page, name, password = "correct horse") =>
      send(page, "login", { email: `${name}@example.com`, password }, "Log in");

    /** Asserts that a field is told to be wrong, with this text, to who sees and to who hears. */
    async function isWrong(field, expected) {
      await text(field.page().locator(`#${await field.getAttribute("id")}-error`), expected);
      assert.equal(await field.getAttribute("aria-invalid"), "true");
      const ids = (await field.getAttribute("aria-describedby")).split(" ");
      assert.ok(ids.includes(`${await field.getAttribute("id")}-error`));
    }

    test("a user signs up, changes the profile, logs out and in, and deactivates the account", async (t) => {
      const page = await open(t);
      await heading(page, "Log in");

      await send(page, "register", { username: "jake", email: "jake", password: "short" }, "Sign up");
      const email = form(page, "register").locator("[name=email]");
      const password = form(page, "register").locator("[name=password]");
      await isWrong(email, words.email);
      await isWrong(password, words.short);
      assert.equal(await focused(page), "register-email");
      assert.equal(await email.inputValue(), "jake");
      assert.equal(await password.inputValue(), "short");
      assert.equal(await form(page, "register").locator("[name=username]").getAttribute("aria-invalid"), null);

      await send(page, "register", { email: "jake@example.com", password: "correct horse" }, "Sign up");
      await status(page, "You are signed up");
      await heading(page, "Profile of jake");
      assert.equal(await focused(page), "profile-title");
      assert.match(await page.locator("#token-exp").textContent(), /^in 60 days, /);
      assert.match(await page.locator("#token-iat").textContent(), /^(now|\d+ seconds? ago), /);

      await page.reload();
      await heading(page, "Profile of jake");

      await send(page, "profile", { username: "jacob", bio: "I keep the keys." }, "Save");
      await status(page, "Your profile is saved.");
      await heading(page, "Profile of jacob");
      await send(page, "profile", {}, "Save");
      await status(page, "There was nothing to save.");
      await page.reload();
      assert.equal(await form(page, "profile").locator("[name=bio]").inputValue(), "I keep the keys.");
      await send(page, "profile", { bio: "" }, "Save");
      await status(page, "Your profile is saved.");

      await register(worker.origin, "other");
      await send(page, "profile", { email: "other@example.com", bio: "Still here." }, "Save");
      await isWrong(form(page, "profile").locator("[name=email]"), words.taken);
      assert.equal(await form(page, "profile").locator("[name=bio]").inputValue(), "Still here.");

      await send(page, "password", { password: "" }, "Change password");
      await isWrong(form(page, "password").locator("[name=password]"), words.blank);
      await send(page, "password", { password: "battery staple" }, "Change password");
      await status(page, "Your password is changed.");

      await send(page, "sessions", {}, "Here");
      await status(page, "You are logged out.");
      await heading(page, "Log in");
      assert.equal(await focused(page), "login-title");

      await login(page, "jake");
      await text(form(page, "login").getByRole("alert"), words.wrong);
      assert.equal(await form(page, "login").locator("[name=email]").inputValue(), "jake@example.com");
      await login(page, "jake", "battery staple");
      await heading(page, "Profile of jacob");

      await page.getByRole("button", { name: "Deactivate my account" }).click();
      const dialog = page.getByRole("dialog", { name: "Deactivate your account?" });
      await dialog.getByRole("button", { name: "Cancel" }).click();
      await dialog.waitFor({ state: "hidden" });
      assert.equal(await focused(page), "ask");
      await page.getByRole("button", { name: "Deactivate my account" }).click();
      await dialog.getByRole("button", { name: "Deactivate" }).click();
      await status(page, "Your account is deactivated.");
      await login(page, "jake", "battery staple");
      await text(form(page, "login").getByRole("alert"), words.deactivated);
    });

    test("sessions end on other devices, and everywhere", async (t) => {
      await register(worker.origin, "devices");
      const [here, there] = [await open(t), await open(t)];
      for (const page of [here, there]) {
        await login(page, "devices");
        await heading(page, "Profile of devices");
      }
      await send(here, "sessions", {}, "On other devices");
      await status(here, "You are logged out on your other devices.");
      await send(there, "profile", { bio: "x" }, "Save");
      await alert(there, "Your session has ended. Log in to go on.");
      await heading(there, "Log in");

      await login(there, "devices");
      await heading(there, "Profile of devices");
      await send(there, "sessions", {}, "Everywhere");
      await status(there, "You are logged out everywhere.");
      await here.reload();
      await alert(here, "Your session has ended. Log in to go on.");
    });

    test("a slow answer shows progress, and is asked for once", async (t) => {
      await register(worker.origin, "slow");
      const page = await open(t);
      let count = 0;
      const { promise: released, resolve: release } = Promise.withResolvers();
      await page.route("**/api/users/login", async (route) => {
        count += 1;
        await released;
        await route.continue();
      });
      await login(page, "slow");
      await status(page, "Waiting for the answer");
      assert.equal(await form(page, "login").getAttribute("aria-busy"), "true");
      const button = form(page, "login").getByRole("button");
      assert.equal(await button.getAttribute("aria-disabled"), "true");
      await button.press("Enter");
      release();
      await heading(page, "Profile of slow");
      assert.equal(count, 1);
      assert.equal(await form(page, "login").getAttribute("aria-busy"), null);
      assert.equal(await page.getByRole("status").textContent(), "");
    });

    test("a lost connection is told, and nothing is lost with it", async (t) => {
      await register(worker.origin, "offline");
      const page = await open(t);
      await page.context().setOffline(true);
      await login(page, "offline");
      await text(form(page, "login").getByRole("alert"), "The connection was lost. What you typed is still here: try again.");
      assert.equal(await form(page, "login").locator("[name=password]").inputValue(), "correct horse");
      await page.context().setOffline(false);
      await form(page, "login").getByRole("button").click();
      await heading(page, "Profile of offline");

      await page.route("**/api/user", (route) => route.abort());
      await page.reload();
      await alert(page, "The connection was lost.");
      await page.unroute("**/api/user");
      await page.reload();
      await heading(page, "Profile of offline");
    });

    test("who tries too often is told how long to wait", async (t) => {
      const page = await open(t);
      for (let count = 0; count < 10; count += 1) {
        await fetch(`${worker.origin}/api/users/login`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ user: { email: "throttled@example.com", password: "wrong" } }),
        });
      }
      await login(page, "throttled");
      await text(form(page, "login").getByRole("alert"), "That was tried too often. Try again in 15 minutes.");
    });

    test("the keyboard is enough", async (t) => {
      await register(worker.origin, "keys");
      const page = await open(t);
      await heading(page, "Log in");
      for (let count = 0; count < 3; count += 1) {
        await page.keyboard.press("Tab"); // past the links, to the email
      }
      await page.keyboard.type("keys@example.com");
      await page.keyboard.press("Tab");
      await page.keyboard.type("correct horse");
      await page.keyboard.press("Enter");
      await heading(page, "Profile of keys");
    });
  });
}
