// The list of the devices on which the user is logged in.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import axe from "axe-core";
import { decodeToken } from "latchkey-client";
import {
  button,
  choose,
  devices,
  field,
  focused,
  logIn,
  logOut,
  newUser,
  PASSWORD,
  says,
  signUp,
  storedToken,
  view,
  warns,
} from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";

const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 " +
  "Mobile/15E148 Safari/604.1";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const LIST = "**/api/user/sessions";
const ONE = "**/api/user/sessions/*";
const ENDED = "Your session has ended. Please log in again.";

describeInBrowser("the list of devices", ({ open, startWorker }) => {
  let url;
  before(async () => {
    ({ url } = await startWorker());
  });

  const authorization = (token) => ({ Authorization: `Token ${token}` });
  const isGood = async (token) => (await fetch(`${url}/api/user`, { headers: authorization(token) })).status === 200;
  const rowOf = (page, name) => devices(page).filter({ hasText: name });
  /** The button in the row of a device. */
  const ending = (page, name) => rowOf(page, name).getByRole("button");
  const comeBack = (page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

  /** The user's sessions at the API, once there are as many: they are recorded after the response to a login. */
  async function sessions(token, count) {
    for (;;) {
      const response = await fetch(`${url}/api/user/sessions`, { headers: authorization(token) });
      const { sessions } = await response.json();
      if (sessions.length >= count) {
        return sessions;
      }
    }
  }

  /** A page with Firefox on Linux, whose user is logged in with Safari on iOS too, and the token there. */
  async function withPhone(options = {}) {
    const page = await open(url, { userAgent: FIREFOX, ...options });
    const user = newUser();
    await signUp(page, user);
    const token = await logInWithPhone(user);
    await sessions(await storedToken(page), 2);
    await comeBack(page);
    await rowOf(page, "Safari on iOS").waitFor();
    return { page, user, token };
  }

  async function logInWithPhone({ email, password }) {
    const response = await fetch(`${url}/api/users/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "User-Agent": IPHONE },
      body: JSON.stringify({ user: { email, password } }),
    });
    return (await response.json()).user.token;
  }

  const session = (changes) => ({
    id: "x",
    current: false,
    agent: "Firefox on Linux",
    place: null,
    methods: ["pwd"],
    created: "2026-01-01T00:00:00Z",
    seen: "2026-01-01T00:00:00Z",
    expires: "2026-03-01T00:00:00Z",
    ...changes,
  });

  /** A page that gets this list. */
  async function withList(list, options) {
    const page = await open(url, options);
    await page.route(LIST, (route) => route.fulfill({ json: { more: false, ...list } }));
    await signUp(page, newUser());
    return page;
  }

  /** Holds the next request, until `release` is called. */
  async function hold(page, pattern, respond = (route) => route.continue()) {
    let release;
    const released = new Promise((resolve) => (release = resolve));
    const held = page.waitForRequest(pattern);
    const handle = async (route) => {
      await released;
      await respond(route);
    };
    await page.route(pattern, handle, { times: 1 });
    return { held, release };
  }

  test("a user logs a lost phone out, by keyboard, on a narrow screen", async () => {
    const page = await open(url, { userAgent: FIREFOX, viewport: { width: 320, height: 800 } });
    const phone = await open(url, { userAgent: IPHONE });
    const user = newUser();
    await signUp(page, user);
    await logIn(phone, user);
    await view(phone, "Your account");
    await sessions(await storedToken(page), 2);
    await page.reload();
    await rowOf(page, "Safari on iOS").waitFor();

    assert.equal(await devices(page).count(), 2);
    const [here, there] = await devices(page).allInnerTexts();
    assert.match(here, /^Firefox on Linux This device\n/);
    assert.match(there, /^Safari on iOS\n+(.*, l|L)ast seen today\n+Log out$/);
    const name = await ending(page, "Safari on iOS").getAttribute("aria-label");
    assert.match(name, /^Log out Safari on iOS, (.*, l|L)ast seen today$/);
    assert.match(await ending(page, "Firefox").getAttribute("aria-label"), /^Log out Firefox on Linux, .*this device$/);
    await page.evaluate(axe.source);
    assert.deepEqual((await page.evaluate(() => globalThis.axe.run())).violations, []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);

    await button(page, "Change password").focus();
    await page.keyboard.press("Tab");
    await focused(page, ending(page, "Firefox on Linux"));
    await page.keyboard.press("Tab");
    await focused(page, ending(page, "Safari on iOS"));
    await page.keyboard.press("Enter");
    await says(page, "Safari on iOS is logged out.");
    await rowOf(page, "Safari on iOS").waitFor({ state: "detached" });
    await focused(page, rowOf(page, "Firefox on Linux"));
    await page.getByText("You are logged in nowhere else.").waitFor();
    await page.keyboard.press("Enter"); // once more does nothing

    await phone.getByLabel("Bio").fill("found");
    await button(phone, "Save profile").click();
    await says(phone, ENDED);
    assert.equal(await isGood(await storedToken(page)), true);
  });

  test("the focus goes to the next device, and not where another has taken it", async () => {
    const page = await withList({
      sessions: ["one", "two", "three"].map((id, index) => session({ id, agent: id, current: index === 0 })),
    });
    await page.route(ONE, (route) => route.fulfill({ status: 204 }));
    const left = (...ids) =>
      page.route(LIST, (route) =>
        route.fulfill({ json: { sessions: ids.map((id) => session({ id, agent: id, current: id === "one" })) } }),
      );
    await left("one", "three");
    await ending(page, "two").press("Space");
    await focused(page, rowOf(page, "three"));

    const { release } = await hold(page, ONE, (route) => route.fulfill({ status: 204 }));
    await left("one");
    await ending(page, "three").press("Enter");
    await field(page, "Username").focus();
    release();
    await says(page, "three is logged out.");
    await focused(page, field(page, "Username"));
  });

  test("the button of this device logs out here, and asks about unsaved changes", async () => {
    const page = await open(url, { userAgent: FIREFOX });
    await signUp(page, newUser());
    const token = await storedToken(page);
    await page.getByLabel("Bio").fill("I keep the keys.");
    const here = ending(page, "Firefox on Linux");
    await here.click();
    await choose(page, "Log out without saving?", "Stay logged in");
    await focused(page, here);
    await page.getByLabel("Bio").fill("");
    await here.click();
    await says(page, "You are logged out.");
    await view(page, "Log in");
    assert.equal(await isGood(token), false);
  });

  test("a device that was logged out meanwhile goes, with a message", async () => {
    const { page, token } = await withPhone();
    await fetch(`${url}/api/users/logout`, { method: "POST", headers: authorization(token) });
    await ending(page, "Safari on iOS").click();
    await says(page, "Safari on iOS was logged out already.");
    await rowOf(page, "Safari on iOS").waitFor({ state: "detached" });
    assert.equal(await devices(page).count(), 1);
  });

  test("an error is shown in the row, and another try works", async () => {
    const { page, token } = await withPhone({ viewport: { width: 320, height: 800 }, colorScheme: "dark" });
    await page.route(ONE, (route) => route.abort());
    await ending(page, "Safari on iOS").press("Enter");
    const text = "The server could not be reached. Check your connection, then press “Log out” to try again.";
    await rowOf(page, "Safari on iOS").getByRole("alert").filter({ hasText: text }).waitFor();
    await focused(page, ending(page, "Safari on iOS"));
    await page.evaluate(axe.source);
    assert.deepEqual((await page.evaluate(() => globalThis.axe.run())).violations, []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    assert.equal(await isGood(token), true);
    await page.unroute(ONE);
    await ending(page, "Safari on iOS").press("Enter");
    await says(page, "Safari on iOS is logged out.");
    assert.equal(await isGood(token), false);
  });

  test("a list that can't be had says so, and can be asked for again", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    await page.route(LIST, (route) => route.fulfill({ status: 502, body: "" }));
    await page.reload();
    await warns(page, "Wait a little, then press “Show my devices” to try again.");
    await page.unroute(LIST);
    await button(page, "Show my devices").click();
    await devices(page).first().waitFor();
    assert.equal(await button(page, "Show my devices").count(), 0);
    assert.deepEqual([...new Set(await page.getByRole("alert").allTextContents())], [""]);
  });

  test("a slow list says what it waits for", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    const { release } = await hold(page, LIST);
    await page.reload();
    await says(page, "Looking up your devices…");
    release();
    await devices(page).first().waitFor();
    assert.equal(await page.getByText("Looking up your devices…").count(), 0);
  });

  test("a list of the first 100 devices says that there are more", async () => {
    const all = Array.from({ length: 100 }, (_, index) => session({ id: String(index), current: index === 0 }));
    const page = await withList({ sessions: all, more: true });
    assert.equal(await devices(page).count(), 100);
    await page.getByText("You are logged in on more devices. These 100 were seen last.").waitFor();
  });

  test("names are text", async () => {
    const markup = "<img src=x onerror=alert(1)>";
    const page = await withList({ sessions: [session({ agent: markup, place: `${markup}, DE` })] });
    await devices(page).getByText(markup, { exact: true }).waitFor();
    await devices(page).getByText(`${markup}, Germany, last seen`).waitFor();
    assert.equal(await devices(page).locator("img").count(), 0);
  });

  for (const [locale, date] of [
    ["en-GB", "13 January 2026"],
    ["de-DE", "January 13, 2026"], // since the page is in English
  ]) {
    test(`days are those of the user's time zone, in ${locale}`, async () => {
      const page = await open(url, { locale, timezoneId: "Pacific/Auckland" });
      await page.clock.setFixedTime(new Date("2026-01-15T09:30:00Z")); // half past ten in the evening
      const seen = {
        ahead: "2026-01-15T12:00:00Z",
        morning: "2026-01-14T11:30:00Z",
        eve: "2026-01-14T10:30:00Z",
        before: "2026-01-13T10:30:00Z",
      };
      const list = Object.entries(seen).map(([agent, seen]) =>
        session({ id: agent, agent, seen, place: "Berlin, DE" }),
      );
      const json = { sessions: [...list, session({ id: "nowhere", agent: null, seen: seen.eve })], more: false };
      await page.route(LIST, (route) => route.fulfill({ json }));
      await signUp(page, newUser());
      assert.deepEqual(await page.locator(".device-details").allInnerTexts(), [
        "Berlin, Germany, last seen today",
        "Berlin, Germany, last seen today",
        "Berlin, Germany, last seen yesterday",
        `Berlin, Germany, last seen ${date}`,
        "Last seen yesterday",
      ]);
      await rowOf(page, "Unknown device").waitFor();
    });
  }

  test("a page that is visible again shows what changed elsewhere, and moves no focus", async () => {
    const { page, user, token } = await withPhone();
    const row = await rowOf(page, "Safari on iOS").elementHandle();
    await ending(page, "Safari on iOS").focus();
    await logInWithPhone(user);
    await sessions(await storedToken(page), 3);
    await comeBack(page);
    await devices(page).nth(2).waitFor();
    await page.locator(`[data-session="${decodeToken(token).sid}"] button:focus`).waitFor();
    assert.equal(await row.evaluate(({ isConnected }) => isConnected), true);

    await page.route(LIST, (route) => route.abort());
    const failed = page.waitForEvent("requestfailed");
    await comeBack(page);
    await failed;
    await page.locator("#look-up button[aria-busy=false]").waitFor({ state: "attached" });
    assert.equal(await devices(page).count(), 3);
    assert.deepEqual([...new Set(await page.getByRole("alert").allTextContents())], [""]);
    await page.unroute(LIST);

    await fetch(`${url}/api/users/logout?scope=all`, { method: "POST", headers: authorization(token) });
    await comeBack(page);
    await says(page, ENDED);
    await view(page, "Log in");
    await comeBack(page); // has no list to ask for
  });

  for (const [what, end, text] of [
    [
      "logging out other devices",
      (page) => button(page, "Log out other devices").click(),
      "Your other devices are logged out.",
    ],
    [
      "a new password",
      async (page) => {
        await field(page, "Current password").fill(PASSWORD);
        await field(page, "New password").fill("battery staple");
        await button(page, "Change password").click();
      },
      "Password changed. Your other devices are logged out.",
    ],
  ]) {
    test(`${what} leaves this device, whatever list is on its way`, async () => {
      const { page } = await withPhone();
      const old = await sessions(await storedToken(page), 2);
      const { held, release } = await hold(page, LIST, (route) =>
        route.fulfill({ json: { sessions: old, more: false } }),
      );
      await comeBack(page);
      await held;
      await end(page);
      await says(page, text);
      assert.equal(await devices(page).count(), 1);
      const asked = page.waitForResponse(LIST);
      release();
      await (await asked).finished();
      await page.getByText("You are logged in nowhere else.").waitFor();
      await page.locator("#look-up button[aria-busy=false]").waitFor({ state: "attached" });
      assert.equal(await devices(page).count(), 1);
    });
  }

  test("a late end shows nothing to the next user", async () => {
    const { page } = await withPhone();
    const bob = newUser();
    const { held, release } = await hold(page, ONE, (route) => route.fulfill({ status: 204 }));
    await ending(page, "Safari on iOS").click();
    await held;
    await logOut(page);
    await signUp(page, bob);
    const late = page.waitForResponse(ONE);
    release();
    await (await late).finished();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve))); // what waited for it has had its turn
    assert.equal(await devices(page).count(), 1);
    assert.equal(await page.getByText("is logged out").count(), 0);
  });

  test("a late logout of other devices finds no list", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    const others = "**/api/users/logout?scope=others";
    const { held, release } = await hold(page, others, (route) => route.fulfill({ status: 204 }));
    await button(page, "Log out other devices").click();
    await held;
    await logOut(page);
    const looked = page.waitForResponse("**/api/user"); // with which the client looks for a fresh token
    release();
    await (await looked).finished();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
    await view(page, "Log in");
  });
});
