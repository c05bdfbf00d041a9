// A front end on another origin: the browser permits requests and reads as the Worker's CORS headers allow.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newUser } from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";
import { startOrigin } from "./origin.mjs";

describeInBrowser("a front end on another origin", ({ open, startWorker }) => {
  let allowed;
  let other;
  let api;
  let realworld;
  let openToAll;
  before(async () => {
    [allowed, other] = await Promise.all([startOrigin(), startOrigin()]);
    const ALLOWED_ORIGINS = `https://app.example.com, ${allowed.origin}`;
    api = await startWorker({ ALLOWED_ORIGINS, LOGIN_FAILURES_PER_ADDRESS: "1" });
    realworld = await startWorker({ ALLOWED_ORIGINS, ALLOWED_HEADERS: "traceparent", API_DIALECT: "realworld" });
    openToAll = await startWorker({ ALLOWED_ORIGINS: "*" });
  });
  after(() => {
    allowed?.close();
    other?.close();
  });

  /** Registers, reads, changes and logs out with the client, and returns each result. */
  const journey = (page, url, user) =>
    page.evaluate(
      async ({ url, user }) => {
        const { Latchkey } = globalThis.latchkey;
        const client = new Latchkey(url);
        const registered = await client.register(user);
        const read = await client.me();
        const changed = await client.update({ bio: "From afar." });
        await client.logout();
        return [registered.username, read.email, changed.bio, await client.token()];
      },
      { url, user },
    );

  const loaded = (page) => page.waitForFunction(() => globalThis.latchkey);

  test("one that is allowed can do all", async () => {
    const page = await open(allowed.origin);
    await loaded(page);
    const user = newUser();
    assert.deepEqual(await journey(page, api.url, user), [user.username, user.email, "From afar.", null]);
  });

  test("one that opens the account page has no hold on its window", async () => {
    const page = await open(allowed.origin);
    await page.evaluate((url) => {
      globalThis.opened = globalThis.open(url);
    }, api.url);
    await page.waitForFunction(() => globalThis.opened.closed); // as it looks from here
  });

  test("one that is allowed reads errors, and the headers that it needs", async () => {
    const page = await open(allowed.origin);
    await loaded(page);
    const { email } = newUser();
    const seen = await page.evaluate(
      async ({ url, email }) => {
        const { ApiError, Latchkey } = globalThis.latchkey;
        const client = new Latchkey(url);
        const login = () => client.login({ email, password: "guess" }).catch((error) => error);
        const [wrong, throttled] = [await login(), await login()];
        const { headers } = await fetch(`${url}/api/user`);
        const registered = await fetch(`${url}/api/users`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ user: { email, username: email, password: "correct horse" } }),
        });
        return {
          areOfApi: wrong instanceof ApiError && throttled instanceof ApiError,
          wrong: wrong.message,
          status: throttled.status,
          retryAfter: throttled.retryAfter,
          authenticate: headers.get("WWW-Authenticate"),
          bookmark: registered.headers.get("X-D1-Bookmark"),
        };
      },
      { url: api.url, email },
    );
    const { retryAfter, bookmark, ...rest } = seen;
    assert.deepEqual(rest, {
      areOfApi: true,
      wrong: "A user with this email and password was not found.",
      status: 429,
      authenticate: "Token",
    });
    assert.ok(retryAfter > 0 && retryAfter <= 900, `Retry-After: ${retryAfter}`);
    assert.match(bookmark, /^[\da-f-]+$/);
  });

  test("one that is not allowed changes and reads nothing", async () => {
    const page = await open(other.origin, { expects: "blocked by CORS policy" });
    await loaded(page);
    const user = newUser();
    const seen = await page.evaluate(
      async ({ url, user }) => {
        const { ConnectionError, Latchkey } = globalThis.latchkey;
        const client = new Latchkey(url);
        const errors = [await client.register(user).catch((error) => error), await client.me().catch((error) => error)];
        return {
          areOfConnection: errors.every((error) => error instanceof ConnectionError),
          message: errors[0].message,
          token: await client.token(),
          simple: await fetch(`${url}/api/user`).catch((error) => error.name),
        };
      },
      { url: api.url, user },
    );
    const { message, ...rest } = seen;
    assert.deepEqual(rest, { areOfConnection: true, token: null, simple: "TypeError" });
    assert.ok(message.includes(`${api.url}/api/users.`), message);
    assert.ok(message.includes(`is ${other.origin} in the ALLOWED_ORIGINS`), message);

    const { DB } = await api.worker.getEnv();
    const { results } = await DB.prepare("SELECT 1 FROM users WHERE email = ?").bind(user.email).all();
    assert.deepEqual(results, []);
  });

  test("headers of its own pass where they are allowed", async () => {
    const page = await open(allowed.origin, { expects: "blocked by CORS policy" });
    const statuses = await page.evaluate(
      async (urls) => {
        const headers = { Authorization: "Token x", traceparent: "00-1-1-00" };
        const call = (url) =>
          fetch(`${url}/api/user`, { headers }).then(
            ({ status }) => status,
            (error) => error.name,
          );
        return Promise.all(urls.map(call));
      },
      [api.url, realworld.url],
    );
    assert.deepEqual(statuses, ["TypeError", 401]);
  });

  test("any can do all where all are allowed", async () => {
    const page = await open(other.origin);
    await loaded(page);
    const user = newUser();
    assert.deepEqual(await journey(page, openToAll.url, user), [user.username, user.email, "From afar.", null]);
  });

  test("a tab goes on with the token that another has stored, even from a request that was refused", async () => {
    const page = await open(allowed.origin);
    const tab = await page.context().newPage();
    await tab.goto(allowed.origin);
    const user = newUser();
    const run = (page, call) =>
      page.evaluate(
        async ({ url, user, call }) => {
          const { Latchkey, webStorage } = globalThis.latchkey;
          globalThis.client ??= new Latchkey(url, { storage: webStorage(localStorage) });
          const calls = {
            register: (client) => client.register(user),
            newPassword: (client) => client.update({ current_password: user.password, password: "battery staple" }),
            newBio: (client) => client.update({ bio: "From the other tab." }),
          };
          return calls[call](globalThis.client);
        },
        { url: api.url, user, call },
      );
    await Promise.all([loaded(page), loaded(tab)]);
    await run(page, "register");

    const statuses = [];
    tab.on("response", (response) => response.request().method() === "PATCH" && statuses.push(response.status()));
    let release;
    const released = new Promise((resolve) => (release = resolve));
    const sent = new Promise((resolve) => {
      void tab.route("**/api/user", async (route) => {
        resolve();
        await released;
        await route.continue();
      });
    });
    const newBio = run(tab, "newBio");
    await sent;
    await run(page, "newPassword");
    release();
    assert.equal((await newBio).bio, "From the other tab.");
    assert.deepEqual(statuses, [401, 200]);
  });

  test("a tab hears of sessions that begin and end in another", async () => {
    const page = await open(allowed.origin);
    const tab = await page.context().newPage();
    await tab.goto(allowed.origin);
    await Promise.all([loaded(page), loaded(tab)]);
    const run = (page, call, user) =>
      page.evaluate(
        async ({ url, call, user }) => {
          const { Latchkey, webStorage } = globalThis.latchkey;
          if (!globalThis.client) {
            globalThis.client = new Latchkey(url, { storage: webStorage(localStorage) });
            globalThis.heard = [];
            globalThis.client.onSessionChange((change) => globalThis.heard.push(change));
          }
          await globalThis.client[call](user);
        },
        { url: api.url, call, user },
      );
    const hears = (...changes) =>
      Promise.all(
        [page, tab].map((each) =>
          each.waitForFunction((changes) => String(globalThis.heard) === changes, String(changes), { timeout: 10_000 }),
        ),
      );
    await run(tab, "token");
    await run(page, "register", newUser());
    await hears("began");
    await run(tab, "me"); // a fresh token is no change
    await run(tab, "register", newUser());
    await hears("began", "began");
    await run(page, "logout");
    await hears("began", "began", "ended");
    await run(tab, "register", newUser());
    await hears("began", "began", "ended", "began");
    await page.evaluate(() => localStorage.clear()); // of which the tab has an event, and the page has none
    await run(page, "token");
    await hears("began", "began", "ended", "began", "ended");
  });

  test("one of the RealWorld project, which has a client of its own", async () => {
    const page = await open(allowed.origin);
    const user = newUser();
    const seen = await page.evaluate(
      async ({ url, user }) => {
        let token;
        const call = async (method, path, body) => {
          const headers = { "Content-Type": "application/json; charset=utf-8" };
          if (token) {
            headers.Authorization = `Token ${token}`;
          }
          const response = await fetch(`${url}/api${path}`, { method, headers, body: JSON.stringify(body) });
          return [response.status, await response.json()];
        };
        const registered = await call("POST", "/users", { user });
        const { email, password } = user;
        const wrong = await call("POST", "/users/login", { user: { email, password: "guess" } });
        const right = await call("POST", "/users/login", { user: { email, password } });
        token = right[1].user.token;
        const read = await call("GET", "/user");
        const written = await call("PUT", "/user", { user: { ...read[1].user, bio: "I work here." } });
        const invalid = await call("PUT", "/user", { user: { email: "", username: "jake" } });
        token += "x";
        const refused = await call("GET", "/user");
        return { registered: registered[0], right: right[0], read, written, errors: [wrong, invalid, refused] };
      },
      { url: realworld.url, user },
    );

    assert.deepEqual([seen.registered, seen.right], [201, 200]);
    const { email, username } = user;
    const [
      ,
      {
        user: { token, ...read },
      },
    ] = seen.read;
    assert.deepEqual(read, { email, username, bio: null, image: null });
    const [status, { user: written }] = seen.written;
    assert.deepEqual([status, written.bio], [200, "I work here."]);
    assert.deepEqual(seen.errors, [
      [401, { errors: { credentials: ["invalid"] } }],
      [422, { errors: { email: ["can't be blank"] } }],
      [401, { errors: { token: ["is invalid"] } }],
    ]);
  });
});
