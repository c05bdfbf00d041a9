// The account page, in both dialects, against the built Worker.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { decodeToken } from "latchkey-client";
import {
  button,
  choose,
  field,
  fieldError,
  focused,
  link,
  logIn,
  logOut,
  newUser,
  openToken,
  PASSWORD,
  says,
  signUp,
  storedToken,
  view,
  warns,
} from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";

/** The page's own texts, which are the same in both dialects. */
const TEXTS = {
  blankUsername: "Enter a username.",
  invalidEmail: "Enter an email such as name@example.com.",
  blankPassword: "Enter a password.",
  shortPassword: "A password needs at least 8 characters.",
  takenEmail: "Another account has this email.",
  wrongLogin: "The email or the password is wrong.",
  blankCurrentPassword: "Enter your password.",
  wrongCurrentPassword: "This is not your password.",
  deactivated: "This account is deactivated.",
};

for (const dialect of ["django", "realworld"]) {
  describeInBrowser(`the account page, in the dialect ${dialect}`, ({ open, startWorker }) => {
    let url;
    before(async () => {
      ({ url } = await startWorker({ API_DIALECT: dialect, LOGIN_FAILURES_PER_ADDRESS: "3" }));
    });

    test("signing up: errors are at their fields, what was typed stays", async () => {
      const page = await open(url);
      const { username, email } = newUser();
      await link(page, "Create an account").click();
      await focused(page, page.getByRole("heading", { name: "Create an account" }));
      await field(page, "Email").fill("jake@");
      await field(page, "Password").fill("short");
      await button(page, "Sign up").click();

      await fieldError(page, "Username", TEXTS.blankUsername);
      await fieldError(page, "Email", TEXTS.invalidEmail);
      await fieldError(page, "Password", TEXTS.shortPassword);
      await focused(page, field(page, "Username"));
      assert.equal(await field(page, "Email").inputValue(), "jake@");
      assert.equal(await field(page, "Password").inputValue(), "short");
      assert.equal(await page.getByRole("alert").textContent(), "");

      await field(page, "Username").fill(username);
      await field(page, "Password").fill(PASSWORD);
      await button(page, "Sign up").click();
      await focused(page, field(page, "Email"));
      assert.equal(await page.locator("[aria-invalid=true]").count(), 1);

      await field(page, "Email").fill(email);
      await button(page, "Sign up").click();
      await focused(page, page.getByRole("heading", { name: "Your account" }));
      assert.equal(await page.title(), "Your account · Latchkey");
      await page.getByText(`Logged in as ${username} (${email})`).waitFor();
    });

    test("a reload keeps the session, and another tab has none", async () => {
      const page = await open(url);
      const user = newUser();
      await signUp(page, user);
      await page.reload();
      await page.getByText(`Logged in as ${user.username}`).waitFor();

      const tab = await page.context().newPage();
      await tab.goto(url);
      await view(tab, "Log in");
    });

    test("logging in: first wrong, then right", async () => {
      const page = await open(url);
      const user = newUser();
      await signUp(page, user);
      await button(page, "Log out").click();
      await says(page, "You are logged out.");
      await focused(page, page.getByRole("heading", { name: "Log in" }));
      assert.equal(await page.evaluate(() => sessionStorage.length), 0);

      await logIn(page, { ...user, password: "wrong horse" });
      await warns(page, TEXTS.wrongLogin);
      assert.equal(await field(page, "Email").inputValue(), user.email);
      assert.equal(await field(page, "Password").inputValue(), "wrong horse");

      await logIn(page, user);
      await view(page, "Your account");
    });

    test("after failed logins, says how long to wait", async () => {
      const page = await open(url);
      for (let failures = 0; failures < 3; failures += 1) {
        const answer = page.waitForResponse("**/api/users/login");
        await logIn(page, { email: `nobody@${dialect}.example`, password: "guess" });
        await answer;
        await warns(page, TEXTS.wrongLogin);
      }
      await button(page, "Log in").click();
      await warns(page, "Too many attempts. Please try again in 15 minutes.");
    });

    test("saving the profile: sends what has changed", async () => {
      const page = await open(url);
      const other = newUser();
      await signUp(await open(url), other);
      const user = newUser();
      await signUp(page, user);
      const save = async (confirm = () => {}) => {
        const request = page.waitForRequest("**/api/user");
        await button(page, "Save profile").click();
        await confirm();
        return (await request).postDataJSON();
      };

      await button(page, "Save profile").click();
      await says(page, "Nothing has changed.");

      await page.getByLabel("Bio").fill("I keep\nthe keys.");
      assert.deepEqual(await save(), { user: { bio: "I keep\nthe keys." } });
      await says(page, "Profile saved.");

      const username = `${user.username}-the-second`;
      await field(page, "Username").fill(username);
      await page.route("https://images.example.com/**", (route) => route.fulfill({ path: "docs/account-light.png" }));
      await page.getByLabel("Image address").fill("https://images.example.com/jake.jpg");
      assert.deepEqual(await save(), { user: { username, image: "https://images.example.com/jake.jpg" } });
      await page.getByText(`Logged in as ${username}`).waitFor();

      await field(page, "Email").fill(other.email.toUpperCase());
      await field(page, "Your password").fill(PASSWORD);
      const taken = { email: other.email.toUpperCase(), current_password: PASSWORD };
      const confirm = () => choose(page, "Change your email?", "Change my email");
      assert.deepEqual(await save(confirm), { user: taken });
      await fieldError(page, "Email", TEXTS.takenEmail);
      await focused(page, field(page, "Email"));
      assert.equal(await field(page, "Email").inputValue(), other.email.toUpperCase());

      await field(page, "Email").fill(user.email);
      await page.getByLabel("Bio").fill("");
      assert.deepEqual(await save(), { user: { bio: "" } });
      await says(page, "Profile saved.");
      await page.reload();
      await view(page, "Your account");
      assert.equal(await page.getByLabel("Bio").inputValue(), "");
      assert.equal(await field(page, "Username").inputValue(), username);
    });

    test("changing the email asks for the password", async () => {
      const page = await open(url);
      const user = newUser();
      await signUp(page, user);
      const proof = field(page, "Your password");
      assert.equal(await proof.isVisible(), false);
      const email = `new-${user.email}`;
      await field(page, "Email").fill(email);
      assert.equal(await proof.getAttribute("autocomplete"), "current-password");
      await button(page, "Save profile").click(); // no question yet
      await fieldError(page, "Your password", TEXTS.blankCurrentPassword);
      await focused(page, proof);
      await proof.fill("wrong horse");
      await button(page, "Save profile").click();
      await page.getByText(`You will log in with ${email} from now on.`).waitFor();
      await choose(page, "Change your email?", "Change my email");
      await fieldError(page, "Your password", TEXTS.wrongCurrentPassword);
      await focused(page, proof);
      await page.getByText(`Logged in as ${user.username} (${user.email})`).waitFor();

      await proof.fill(PASSWORD);
      await button(page, "Save profile").click();
      await focused(page, button(page, "Keep my email"));
      await page.keyboard.press("Escape");
      await focused(page, button(page, "Save profile"));
      await page.getByText(`Logged in as ${user.username} (${user.email})`).waitFor();
      await button(page, "Save profile").click();
      await choose(page, "Change your email?", "Change my email");
      await says(page, "Profile saved.");
      await page.getByText(`Logged in as ${user.username} (${email})`).waitFor();
      assert.deepEqual([await proof.isVisible(), await proof.inputValue()], [false, ""]);
    });

    test("changing the password ends the other sessions", async () => {
      const [page, elsewhere] = [await open(url), await open(url)];
      const user = newUser();
      await signUp(page, user);
      await logIn(elsewhere, user);
      await view(elsewhere, "Your account");

      const current = field(page, "Current password");
      assert.equal(await current.getAttribute("autocomplete"), "current-password");
      await current.fill(PASSWORD);
      await field(page, "New password").fill("short");
      await button(page, "Change password").click();
      await fieldError(page, "New password", TEXTS.shortPassword);
      await field(page, "New password").fill("battery staple");
      for (const [typed, text] of [
        ["", TEXTS.blankCurrentPassword],
        ["wrong horse", TEXTS.wrongCurrentPassword],
      ]) {
        await current.fill(typed);
        await button(page, "Change password").click();
        await fieldError(page, "Current password", text);
        await focused(page, current);
      }
      await current.fill(PASSWORD);
      const before = await storedToken(page);
      await button(page, "Change password").click();
      await says(page, "Password changed. Your other devices are logged out.");
      assert.deepEqual([await current.inputValue(), await field(page, "New password").inputValue()], ["", ""]);
      assert.equal((await fetch(`${url}/api/user`, { headers: { Authorization: `Token ${before}` } })).status, 401);
      await openToken(page);
      await page.getByText(await storedToken(page), { exact: true }).waitFor();

      await elsewhere.getByLabel("Bio").fill("too late");
      await button(elsewhere, "Save profile").click();
      await says(elsewhere, "Your session has ended. Please log in again.");
      await logIn(elsewhere, user);
      await warns(elsewhere, TEXTS.wrongLogin);
      await logIn(elsewhere, { ...user, password: "battery staple" });
      await view(elsewhere, "Your account");
      await page.reload();
      await view(page, "Your account");
    });

    test("logging out the other devices, and everywhere", async () => {
      const [page, elsewhere] = [await open(url), await open(url)];
      const user = newUser();
      await signUp(page, user);
      await logIn(elsewhere, user);
      await view(elsewhere, "Your account");

      await button(page, "Log out other devices").click();
      await says(page, "Your other devices are logged out.");
      await openToken(page);
      const token = await storedToken(page);
      await page.getByText(token, { exact: true }).waitFor();
      assert.equal(decodeToken(token).ver, 1);
      await elsewhere.reload();
      await says(elsewhere, "Your session has ended. Please log in again.");

      await logIn(elsewhere, user);
      await view(elsewhere, "Your account");
      const everywhere = button(page, "Log out everywhere…");
      await everywhere.click();
      await focused(page, button(page, "Stay logged in"));
      await button(page, "Stay logged in").click();
      await focused(page, everywhere);
      await everywhere.click();
      await choose(page, "Log out everywhere?", "Log out everywhere");
      await says(page, "You are logged out everywhere.");
      await view(page, "Log in");
      await button(elsewhere, "Log out other devices").click();
      await says(elsewhere, "Your session has ended. Please log in again.");
    });

    test("deactivating asks first", async () => {
      const page = await open(url);
      const user = newUser();
      await signUp(page, user);
      const ask = button(page, "Deactivate account…");

      await ask.click();
      await focused(page, button(page, "Keep my account"));
      await button(page, "Keep my account").click();
      await focused(page, ask);
      await ask.click();
      await page.keyboard.press("Escape");
      await focused(page, ask);

      await ask.click();
      await choose(page, "Deactivate your account?", "Deactivate");
      await says(page, "Your account is deactivated.");
      await focused(page, page.getByRole("heading", { name: "Log in" }));
      await logIn(page, user);
      await warns(page, TEXTS.deactivated);
    });
  });
}

describeInBrowser("the account page", ({ open, startWorker }) => {
  let url;
  before(async () => {
    ({ url } = await startWorker());
  });

  test("a slow answer shows progress, and nothing is sent twice", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    let requests = 0;
    let release;
    const released = new Promise((resolve) => (release = resolve));
    await page.route("**/api/user", async (route) => {
      requests += 1;
      await released;
      await route.continue();
    });

    await page.getByLabel("Bio").fill("Slow.");
    const save = button(page, "Save profile");
    await save.focus();
    await page.keyboard.press("Enter");
    await says(page, "Saving…");
    await page.locator("[aria-busy=true][aria-disabled=true]").and(save).waitFor();
    await focused(page, save);
    await page.keyboard.press("Enter");
    await save.click({ force: true }); // Playwright would wait until it is enabled.
    await field(page, "Username").press("Enter");
    assert.equal(requests, 1);

    release();
    await says(page, "Profile saved.");
    await page.locator("[aria-busy=false][aria-disabled=false]").and(save).waitFor();
    assert.equal(requests, 1);
  });

  test("a keyboard is enough", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    const press = async (keys, locator) => {
      for (let presses = 0; presses < 30; presses += 1) {
        await page.keyboard.press(keys);
        if (await locator.evaluate((element) => element === document.activeElement)) {
          return;
        }
      }
      assert.fail(`${keys} does not lead to ${locator}`);
    };

    await press("Tab", button(page, "Log out"));
    await page.keyboard.press("Space");
    await view(page, "Log in");
    await press("Tab", field(page, "Email"));
    await page.keyboard.type(user.email);
    await press("Tab", field(page, "Password"));
    await page.keyboard.type(user.password);
    await press("Tab", button(page, "Show password"));
    await page.keyboard.press("Space");
    assert.equal(await field(page, "Password").getAttribute("type"), "text");
    await focused(page, button(page, "Hide password"));
    await press("Shift+Tab", field(page, "Password"));
    await page.keyboard.press("Enter");
    await focused(page, page.getByRole("heading", { name: "Your account" }));
  });

  test("what was typed as email goes along to the other form", async () => {
    const page = await open(url);
    await field(page, "Email").fill("jake@example.com");
    await link(page, "Create an account").click();
    assert.equal(await field(page, "Email").inputValue(), "jake@example.com");
    await link(page, "Log in").click();
    assert.equal(await field(page, "Email").inputValue(), "jake@example.com");
  });

  test("a late answer shows nothing to the next user", async () => {
    const page = await open(url);
    const [alice, bob] = [newUser(), newUser()];
    await signUp(page, bob);
    await logOut(page);
    await signUp(page, alice);
    let release;
    const released = new Promise((resolve) => (release = resolve));
    await page.route("**/api/user", async (route) => {
      const response = await route.fetch();
      await released;
      await route.fulfill({ response });
    });
    await page.getByLabel("Bio").fill("For my eyes only.");
    await button(page, "Save profile").click();
    await says(page, "Saving…");
    await button(page, "Log out").click();
    await choose(page, "Log out without saving?", "Log out");
    await view(page, "Log in");
    await logIn(page, bob);
    await page.getByText(`Logged in as ${bob.username}`).waitFor();
    const late = page.waitForResponse("**/api/user");
    release();
    await (await late).finished();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve))); // what waited for it has had its turn
    await page.getByText(`Logged in as ${bob.username}`).waitFor();
    assert.equal(await page.getByLabel("Bio").inputValue(), "");
  });

  for (const [what, refuse] of Object.entries({
    "lets the page keep nothing": () => {
      const get = () => {
        throw new DOMException("", "SecurityError");
      };
      Object.defineProperty(globalThis, "sessionStorage", { get });
    },
    "has no room": () => {
      Storage.prototype.setItem = () => {
        throw new DOMException("", "QuotaExceededError");
      };
    },
  })) {
    test(`a browser that ${what} can log in all the same`, async () => {
      const page = await open(url);
      await page.addInitScript(refuse);
      await page.reload();
      await signUp(page, newUser());
    });
  }

  test("without JavaScript, says that it needs it", async () => {
    const page = await open(url, { javaScriptEnabled: false });
    assert.match(await page.locator("main").innerText(), /This page needs JavaScript/);
    assert.equal(await page.locator("form").count(), 0);
  });
});
