// Errors and notices of the account page: they are for people, and go when their cause does.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { button, field, fieldError, focused, logIn, logOut, newUser, says, signUp, view, warns } from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";

describeInBrowser("messages of the account page", ({ open, startWorker }) => {
  let url;
  before(async () => {
    ({ url } = await startWorker());
  });

  const PROXY = { status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" };
  const errors = (page) => page.locator("[aria-invalid=true]").count();
  const texts = (page, role) => page.getByRole(role).allTextContents();
  const isEmpty = (list) => list.every((text) => text === "");

  test("an error goes when its field changes, and the others stay", async () => {
    const page = await open(`${url}/sign-up`);
    await button(page, "Sign up").click();
    await fieldError(page, "Username", "Enter a username.");
    assert.equal(await errors(page), 3);
    await field(page, "Username").fill("j");
    assert.equal(await errors(page), 2);
    assert.equal(await page.getByText("Enter a username.").count(), 0);
    assert.equal(await page.getByText("Enter your email.").count(), 1);
  });

  test("an error of a form goes when the form changes", async () => {
    const page = await open(url);
    await field(page, "Email").fill("nobody@example.com");
    await field(page, "Password").fill("guess");
    await button(page, "Log in").click();
    await warns(page, "The email or the password is wrong.");
    await field(page, "Password").fill("guess again");
    assert.ok(isEmpty(await texts(page, "alert")));
  });

  test("a notice goes when a form changes", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    await page.getByLabel("Bio").fill("I keep the keys.");
    await button(page, "Save profile").click();
    await says(page, "Profile saved.");
    await page.getByLabel("Bio").fill("I lost the keys.");
    assert.ok(isEmpty(await texts(page, "status")));

    await page.getByLabel("Bio").fill("I keep the keys.");
    await logOut(page);
    await says(page, "You are logged out.");
    await field(page, "Email").fill("jake@example.com");
    assert.ok(isEmpty(await texts(page, "status")));
  });

  test("an error for the password goes with the new email that needed it", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    await field(page, "Email").fill("other@example.com");
    await button(page, "Save profile").click();
    await fieldError(page, "Your password", "Enter your password.");
    await field(page, "Email").fill(user.email);
    assert.equal(await field(page, "Your password").isVisible(), false);
    assert.equal(await errors(page), 0);
  });

  test("having to wait is no longer said once it is over", async () => {
    const page = await open(url);
    await page.clock.install();
    const headers = { "Retry-After": "90" };
    const json = { user: { detail: "Request was throttled. Expected available in 90 seconds." } };
    await page.route("**/api/users/login", (route) => route.fulfill({ status: 429, headers, json }));
    await button(page, "Log in").click();
    await warns(page, "Too many attempts. Please try again in 2 minutes.");
    await page.clock.runFor("01:29");
    assert.equal(isEmpty(await texts(page, "alert")), false);
    await page.clock.runFor("00:02");
    assert.ok(isEmpty(await texts(page, "alert")));
  });

  test("a lost connection is no longer said once there is one", async () => {
    const page = await open(url, { expects: "ERR_INTERNET_DISCONNECTED" });
    await page.context().setOffline(true);
    await button(page, "Log in").click();
    await warns(page, "The server could not be reached.");
    await page.context().setOffline(false);
    await page.getByRole("alert").filter({ hasText: "could not be reached" }).waitFor({ state: "detached" });
  });

  test("a proxy's error is told to a person", async () => {
    const page = await open(url);
    await page.route("**/api/users/login", (route) => route.fulfill(PROXY));
    await button(page, "Log in").click();
    await warns(page, "Something is wrong on our side (error 502). Wait a little, then press “Log in” to try again.");
  });

  test("too much text is told as such", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    await page.getByLabel("Bio").fill("x".repeat(2001));
    await button(page, "Save profile").click();
    await fieldError(page, "Bio optional", "Shorten this to 2000 characters.");
    await page.getByLabel("Bio").fill("x".repeat(70_000));
    await button(page, "Save profile").click();
    await warns(page, "This is more text than can be saved. Shorten it, then press “Save profile” again.");
  });

  test("a page that is loaded while a proxy has an error can be left", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    await page.route("**/api/user", (route) => route.fulfill(PROXY));
    await page.reload();
    await warns(page, "Something is wrong on our side (error 502). Wait a little, then press “Continue” to try again.");
    await button(page, "Log in again").click();
    await focused(page, page.getByRole("heading", { name: "Log in" }));
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  });

  test("a log-out without the server logs this browser out, and says so", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    await page.route("**/api/**", (route) => route.abort());
    await button(page, "Log out").click();
    await says(page, "You are logged out in this browser. The server could not be reached");
    await view(page, "Log in");
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  });

  test("a lost connection says so, and another try works", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    await page.route("**/api/**", (route) => route.abort());
    await page.getByLabel("Bio").fill("I keep the keys.");
    await button(page, "Save profile").click();
    const text = "The server could not be reached. Check your connection, then press “Save profile” to try again.";
    await warns(page, text);
    assert.equal(await page.getByLabel("Bio").inputValue(), "I keep the keys.");

    await page.unroute("**/api/**");
    await button(page, "Save profile").click();
    await says(page, "Profile saved.");
    assert.equal(await page.getByRole("alert").filter({ hasText: text }).count(), 0);
  });

  test("a page that is loaded without a connection keeps the session", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    await page.route("**/api/**", (route) => route.abort());
    await page.reload();
    await warns(page, "press “Continue” to try again.");
    await page.unroute("**/api/**");
    await button(page, "Continue").click();
    await page.getByText(`Logged in as ${user.username}`).waitFor();
  });

  test("an error that no field of the form shows is shown whole", async () => {
    const page = await open(url);
    await page.route("**/api/users/login", (route) =>
      route.fulfill({ status: 400, json: { errors: { email: ["Odd."], username: ["Odder."] } } }),
    );
    await logIn(page, newUser());
    await warns(page, "Email: Odd. username: Odder.");
    await fieldError(page, "Email", "Odd.");
  });

  /** Lets one method of the browser's storage fail from now on. */
  const breakStorage = (page, method) =>
    page.evaluate((method) => {
      Storage.prototype[method] = () => {
        throw new DOMException("", "QuotaExceededError");
      };
    }, method);

  test("a login that the browser can't keep says what happened and what to do", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    await logOut(page);
    await breakStorage(page, "setItem");
    await logIn(page, user);
    await warns(
      page,
      "Your request went through, but your browser could not keep your login. Allow this site to keep data, or make " +
        "room on this device, then load the page again.",
    );
    await button(page, "Log in").and(page.locator("[aria-busy=false]")).waitFor();
  });

  test("a login that the browser can't read says so, and nothing is sent", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    await breakStorage(page, "getItem");
    let requests = 0;
    page.on("request", () => (requests += 1));
    await page.getByLabel("Bio").fill("I keep the keys.");
    await button(page, "Save profile").click();
    await warns(
      page,
      "Your browser does not let this page see whether you are logged in. Allow this site to keep data, then load " +
        "the page again.",
    );
    assert.equal(requests, 0);
  });

  test("a login that the browser can't forget says so", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    const text = "Your browser could not forget your login. Close this tab, which removes it.";
    await breakStorage(page, "removeItem");
    await button(page, "Log out").click();
    await warns(page, text);

    await page.reload();
    await says(page, "Your session has ended. Please log in again.");
    await logIn(page, user);
    await view(page, "Your account");
    await page.route("**/api/**", (route) => route.abort());
    await page.reload();
    await warns(page, "press “Continue” to try again.");
    await breakStorage(page, "removeItem");
    await button(page, "Log in again").click();
    await warns(page, text);
  });
});
