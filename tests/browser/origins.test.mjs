// Pages of other origins in a real browser: its preflights decide. Once with the client, and once as front ends of the
// RealWorld project call the API.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { launch, skip } from "./browser.mjs";
import { register, serve } from "./worker.mjs";

/** Serves the built client, and an empty page that has it, on an origin of its own. */
async function site() {
  const server = createServer(async ({ url }, response) => {
    if (url === "/") {
      response.setHeader("Content-Type", "text/html");
      response.end("<!doctype html><title>An app</title>");
      return;
    }
    try {
      const file = await readFile(new URL(`../../client/dist${url}`, import.meta.url));
      response.setHeader("Content-Type", "text/javascript");
      response.end(file);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

describe("a page of another origin", { skip }, () => {
  let browser;
  let app;

  before(async () => {
    [browser, app] = await Promise.all([launch(), site()]);
  });
  after(async () => {
    await browser?.close();
    app?.server.close();
  });

  /** A page of the app, and the Worker with these variables. */
  async function open(t, vars) {
    const worker = await serve(vars);
    t.after(() => worker.server.close());
    const page = await browser.newPage();
    t.after(() => page.close());
    const sent = [];
    page.on("request", (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));
    await page.goto(app.origin);
    return { page, api: worker.origin, sent };
  }

  /** All that the client does, in the page. */
  async function journey(api) {
    const { ApiError, Latchkey } = await import("/index.js");
    const latchkey = new Latchkey(api);
    const user = { username: "jake", email: "jake@example.com", password: "correct horse" };
    const steps = [];
    steps.push((await latchkey.register(user)).username);
    steps.push((await latchkey.me()).bio);
    steps.push((await latchkey.update({ bio: "I keep the keys." })).bio);
    await latchkey.logout("others");
    await latchkey.logout();
    steps.push(await latchkey.token());
    for (let count = 0; count < 3; count += 1) {
      const error = await latchkey.login({ email: user.email, password: "wrong" }).catch((error) => error);
      steps.push(error instanceof ApiError && [error.status, error.retryAfter && Math.ceil(error.retryAfter / 60)]);
    }
    await latchkey.login({ ...user, email: "JAKE@example.com" }).catch((error) => steps.push(error.status));
    return steps;
  }

  for (const allowed of ["its origin", "*"]) {
    test(`may do everything where ${allowed} is allowed`, async (t) => {
      const { page, api } = await open(t, {
        ALLOWED_ORIGINS: allowed === "*" ? "*" : `https://app.example.com, ${app.origin}`,
        LOGIN_FAILURES_PER_ADDRESS: "2",
      });
      const steps = await page.evaluate(journey, api);
      const [wrong, throttled] = [[400, undefined], [429, 15]];
      assert.deepEqual(steps, ["jake", null, "I keep the keys.", null, wrong, wrong, throttled, 429]);
    });
  }

  test("reads nothing where it is not allowed", async (t) => {
    const { page, api } = await open(t, { ALLOWED_ORIGINS: "https://app.example.com" });
    await register(api, "jake");
    const outcome = await page.evaluate(async (api) => {
      const { ConnectionError, Latchkey } = await import("/index.js");
      const latchkey = new Latchkey(api);
      const credentials = { email: "jake@example.com", password: "correct horse" };
      const error = await latchkey.login(credentials).catch((error) => error);
      return [error instanceof ConnectionError, error.message, await latchkey.token()];
    }, api);
    assert.deepEqual(outcome, [true, "The API could not be reached.", null]);
  });

  test("is sent the bookmark, and sends it back", async (t) => {
    const { page, api } = await open(t, { ALLOWED_ORIGINS: app.origin });
    const bookmarks = await page.evaluate(async (api) => {
      const { Latchkey } = await import("/index.js");
      const bookmarks = [];
      const latchkey = new Latchkey(api, {
        fetch: async (url, init) => {
          const answer = await fetch(url, init);
          bookmarks.push([init.headers.get("X-D1-Bookmark"), answer.headers.get("X-D1-Bookmark")]);
          return answer;
        },
      });
      await latchkey.register({ username: "jake", email: "jake@example.com", password: "correct horse" });
      await latchkey.me();
      return bookmarks;
    }, api);
    const [[none, first], [second]] = bookmarks;
    assert.equal(none, null);
    assert.match(first, /^[0-9a-f-]+$/);
    assert.equal(second, first);
  });

  test("may be a front end of the RealWorld project", async (t) => {
    const { page, api } = await open(t, { API_DIALECT: "realworld", ALLOWED_ORIGINS: app.origin });
    const answers = await page.evaluate(async (api) => {
      const headers = { "Content-Type": "application/json; charset=utf-8" };
      const call = async (method, path, user, token) => {
        const authorization = token ? { Authorization: `Token ${token}` } : {};
        const body = user ? JSON.stringify({ user }) : undefined;
        const answer = await fetch(api + path, { method, headers: { ...headers, ...authorization }, body });
        return [answer.status, await answer.json()];
      };
      const jake = { username: "jake", email: "jake@example.com", password: "correct horse" };
      const answers = [
        await call("POST", "/api/users", { username: "", email: "jake", password: "" }),
        await call("POST", "/api/users", jake),
        await call("POST", "/api/users", jake),
        await call("POST", "/api/users/login", { email: jake.email, password: "wrong" }),
        await call("POST", "/api/users/login", { email: jake.email, password: jake.password }),
      ];
      const { token } = answers[4][1].user;
      answers.push(await call("PUT", "/api/user", { bio: "I keep the keys.", image: "" }, token));
      answers.push(await call("GET", "/api/user", undefined, token));
      answers.push(await call("GET", "/api/user", undefined, "x"));
      for (const [, { user }] of answers) {
        delete user?.token;
      }
      return answers;
    }, api);
    const user = { email: "jake@example.com", username: "jake", bio: null, image: null };
    const changed = { ...user, bio: "I keep the keys." };
    assert.deepEqual(answers, [
      [422, { errors: { email: ["is invalid"], username: ["can't be blank"], password: ["can't be blank"] } }],
      [201, { user }],
      [409, { errors: { email: ["has already been taken"], username: ["has already been taken"] } }],
      [401, { errors: { credentials: ["invalid"] } }],
      [200, { user }],
      [200, { user: changed }],
      [200, { user: changed }],
      [401, { errors: { token: ["is invalid"] } }],
    ]);
  });
});
