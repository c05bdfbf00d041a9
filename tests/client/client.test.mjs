// The client, as published, against the built Worker.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { ApiError, ConnectionError, decodeToken, Latchkey, webStorage } from "latchkey-client";
import { startWorker } from "../api_workerd/harness.mjs";

const password = "correct horse";
const jake = (name) => ({ username: name, email: `${name}@example.com`, password });

/** The error that a promise is rejected with. */
const errorOf = (promise) =>
  promise.then(
    () => assert.fail("it was not rejected"),
    (error) => error,
  );

/** A client whose responses arrive when the test lets them; the API has handled the request by then. */
function held(origin, options = {}) {
  const waiting = [];
  const latchkey = new Latchkey(origin, {
    ...options,
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      const text = await answer.text();
      if (latchkey.isHeld) {
        await new Promise((resolve) => waiting.push(resolve));
      }
      return new Response(text || null, answer);
    },
  });
  const arrived = async (count) => {
    while (waiting.length < count) {
      await new Promise(setImmediate);
    }
  };
  return { latchkey, waiting, arrived };
}

for (const dialect of ["django", "realworld"]) {
  describe(`the client, where errors are those of ${dialect}`, () => {
    const isDjango = dialect === "django";
    let worker;
    let origin;

    before(async () => {
      const vars = {
        JWT_SECRET: "a secret of the tests, 32 bytes or more",
        PASSWORD_HASHER: "pbkdf2_sha256$1", // strength is not the point
        RATE_LIMIT: "off",
        READ_REPLICATION: "on",
        LOGIN_FAILURES_PER_ADDRESS: "2",
        API_DIALECT: dialect,
      };
      worker = await startWorker({ vars });
      origin = worker.url.origin;
    });
    after(() => worker.server.close());

    test("a user registers, reads, updates, logs out and in, and deactivates the account", async () => {
      const latchkey = new Latchkey(`${origin}/`);
      assert.equal(await latchkey.token(), null);
      const { token, ...user } = await latchkey.register(jake("jake"));
      assert.deepEqual(user, { email: "jake@example.com", username: "jake", bio: null, image: null });
      assert.equal(await latchkey.token(), token);
      const { id, exp, iat, sid } = decodeToken(token);
      assert.deepEqual([typeof id, exp - iat, typeof sid], ["number", 60 * 86_400, "string"]);

      assert.equal((await latchkey.me()).username, "jake");
      const changed = await latchkey.update({ bio: "I keep the keys.", image: null });
      assert.deepEqual([changed.bio, changed.image], ["I keep the keys.", null]);
      assert.equal(await latchkey.token(), changed.token);

      await latchkey.logout();
      assert.equal(await latchkey.token(), null);
      await latchkey.login({ email: "jake@example.com", password });
      assert.equal((await latchkey.me()).bio, "I keep the keys.");
      await latchkey.deactivate();
      assert.equal(await latchkey.token(), null);
      const error = await errorOf(latchkey.login({ email: "jake@example.com", password }));
      assert.deepEqual([error.status, error.fields], [isDjango ? 400 : 403, {}]);
      assert.equal(error.message, isDjango ? "This user has been deactivated." : "account is deactivated.");
    });

    test("errors name the invalid field", async () => {
      const latchkey = new Latchkey(origin);
      await latchkey.register(jake("fields"));
      const invalid = await errorOf(latchkey.register({ username: "", email: "x", password }));
      assert.ok(invalid instanceof ApiError && invalid instanceof Error);
      assert.deepEqual(
        [invalid.name, invalid.status, invalid.fields, invalid.message, invalid.retryAfter],
        isDjango
          ? [
              "ApiError",
              400,
              { email: ["Enter a valid email address."], username: ["This field may not be blank."] },
              "email: Enter a valid email address. username: This field may not be blank.",
              undefined,
            ]
          : [
              "ApiError",
              422,
              { email: ["is invalid"], username: ["can't be blank"] },
              "email is invalid. username can't be blank.",
              undefined,
            ],
      );
      const taken = await errorOf(latchkey.register(jake("fields")));
      assert.deepEqual(Object.keys(taken.fields), ["email", "username"]);
      const scope = await errorOf(latchkey.logout("everywhere"));
      assert.deepEqual(Object.keys(scope.fields), ["scope"]);
      const anonymous = await errorOf(new Latchkey(origin).me());
      assert.deepEqual(
        [anonymous.status, anonymous.message, anonymous.fields],
        [401, isDjango ? "Authentication credentials were not provided." : "token is missing.", {}],
      );
    });

    test("a login that fails keeps the session, and says how long to wait", async () => {
      const latchkey = new Latchkey(origin);
      const { token } = await latchkey.register(jake("waits"));
      const login = () => errorOf(latchkey.login({ email: "waits@example.com", password: "wrong" }));
      const errors = [await login(), await login(), await login()];
      const wrong = isDjango ? 400 : 401;
      assert.deepEqual(
        errors.map(({ status }) => status),
        [wrong, wrong, 429],
      );
      const minutes = errors.map(({ retryAfter }) => retryAfter && Math.ceil(retryAfter / 60));
      assert.deepEqual(minutes, [undefined, undefined, 15]);
      assert.equal(await latchkey.token(), token);
    });

    test("sessions end here, elsewhere, and everywhere", async () => {
      const [here, there] = [new Latchkey(origin), new Latchkey(origin)];
      await here.register(jake("sessions"));
      await there.login({ email: "sessions@example.com", password });
      await here.logout("others");
      assert.notEqual(await here.token(), null);
      assert.equal((await errorOf(there.me())).status, 401);
      assert.equal(await there.token(), null); // it is of no more use

      await there.login({ email: "sessions@example.com", password });
      await there.logout("all");
      assert.equal(await there.token(), null);
      assert.equal((await errorOf(here.logout("all"))).status, 401); // since that was not done
      await there.login({ email: "sessions@example.com", password });
      await here.logout(); // to log out of what has ended is no error
      assert.equal(await here.token(), null);

      await here.login({ email: "sessions@example.com", password });
      await there.deactivate();
      await here.logout();
      assert.equal(await here.token(), null);
    });

    test("the app chooses where the token is kept", async () => {
      const kept = new Map();
      const storage = {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, value) => kept.set(key, value),
        removeItem: (key) => kept.delete(key),
      };
      const { token } = await new Latchkey(origin, { storage: webStorage(storage) }).register(jake("kept"));
      assert.deepEqual([...kept], [["latchkey.token", token]]);
      const again = new Latchkey(origin, { storage: webStorage(storage) });
      assert.equal((await again.me()).username, "kept");
      await again.clearToken();
      assert.deepEqual([...kept], []);

      let later = null;
      const slow = { get: async () => later, set: async (token) => void (later = token) };
      await new Latchkey(origin, { storage: slow }).login({ email: "kept@example.com", password });
      assert.equal((await new Latchkey(origin, { storage: slow }).me()).username, "kept");
    });

    test("an answer that comes late brings no session back", async () => {
      let kept = null; // as for two tabs of a browser
      const storage = { get: () => kept, set: (token) => void (kept = token) };
      const { latchkey, waiting, arrived } = held(origin, { storage });
      const tab = new Latchkey(origin, { storage });
      await tab.register(jake("late"));

      latchkey.isHeld = true;
      const late = latchkey.me();
      await arrived(1);
      await tab.logout();
      waiting[0]();
      await late;
      assert.equal(await tab.token(), null);

      await tab.login({ email: "late@example.com", password });
      const later = latchkey.me();
      await arrived(2);
      const { token } = await tab.register(jake("later"));
      waiting[1]();
      assert.equal((await later).username, "late");
      assert.equal(await tab.token(), token);
    });

    test("a slow storage mixes nothing up", async () => {
      let kept = null;
      const turn = () => new Promise(setImmediate);
      const storage = {
        get: () => turn().then(() => kept),
        set: (token) => turn().then(() => void (kept = token)),
      };
      const { latchkey, waiting, arrived } = held(origin, { storage });
      await latchkey.register(jake("slow"));
      latchkey.isHeld = true;
      const me = latchkey.me();
      await arrived(1);
      const logout = latchkey.logout();
      await arrived(2);
      waiting[1]();
      waiting[0]();
      await Promise.all([me, logout]);
      assert.equal(kept, null);

      latchkey.isHeld = false;
      await latchkey.login({ email: "slow@example.com", password });
      latchkey.isHeld = true;
      const [ending, login] = [latchkey.logout(), latchkey.login({ email: "slow@example.com", password })];
      await arrived(4);
      waiting.slice(2).forEach((release) => release());
      await ending;
      assert.equal((await login).token, kept);
    });

    test("the session outlives answers that come in another order", async () => {
      const { latchkey, waiting, arrived } = held(origin);
      await latchkey.register(jake("order"));
      latchkey.isHeld = true;
      const me = latchkey.me();
      await arrived(1);
      latchkey.isHeld = false;
      await latchkey.update({ password: "battery staple" });
      waiting[0]();
      await me;
      assert.equal((await latchkey.me()).username, "order");
    });

    test("the newest bookmark goes with every request", async () => {
      const [sent, received] = [[], []];
      const latchkey = new Latchkey(origin, {
        fetch: async (url, init) => {
          sent.push(init.headers.get("X-D1-Bookmark"));
          const answer = await fetch(url, init);
          received.push(answer.headers.get("X-D1-Bookmark"));
          return answer;
        },
      });
      await latchkey.register(jake("bookmark"));
      await latchkey.update({ bio: "x" });
      await latchkey.me();
      assert.equal(sent[0], null);
      assert.deepEqual(sent.slice(1), received.slice(0, 2));
      assert.ok(received[0] < received[1]);
    });

    test("a call can be given up", async () => {
      const latchkey = new Latchkey(origin);
      const { token } = await latchkey.register(jake("aborts"));
      const reason = new Error("the user went away");
      assert.equal(await errorOf(latchkey.me({ signal: AbortSignal.abort(reason) })), reason);
      const controller = new AbortController();
      const waits = new Latchkey(origin, {
        fetch: (url, init) => {
          const answer = fetch(url, init);
          controller.abort(reason);
          return answer;
        },
      });
      assert.equal(await errorOf(waits.me({ signal: controller.signal })), reason);
      assert.equal(await latchkey.token(), token);
    });
  });
}

test("a server that is not the API is distinguished from an API that rejects", async (t) => {
  let answer;
  const server = createServer((_, response) => {
    const [status, body, headers] = answer;
    response.writeHead(status, headers).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  let kept = "a.b.c";
  const storage = { get: () => kept, set: (token) => void (kept = token) };
  const address = `http://127.0.0.1:${server.address().port}`;
  const latchkey = new Latchkey(address, { storage });
  for (answer of [
    [200, "<!doctype html>"],
    [200, '{"user":{"token":5}}'],
    [200, "null"],
    [403, "<!doctype html>"],
    [401, "{}"],
    [403, '{"success":false,"errors":[{"code":10000,"message":"x"}]}'],
    [401, '{"errors":{"email":[{}]}}'],
    [401, '{"errors":"x"}'],
    [503, "", { "Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT" }],
    [503, "", { "Retry-After": "9".repeat(400) }],
  ]) {
    const [status] = answer;
    for (const error of [await errorOf(latchkey.me()), status > 299 && (await errorOf(latchkey.logout()))]) {
      if (error) {
        assert.ok(error instanceof ApiError, `${answer}`);
        const message = `This is no answer of the API, and has the status ${status}: is the address right?`;
        assert.deepEqual([error.message, error.fields, error.retryAfter], [message, {}, undefined]);
      }
    }
    assert.equal(kept, "a.b.c"); // no API has rejected it
  }

  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const gone = await errorOf(latchkey.login({ email: "x", password: "x" }));
  assert.ok(gone instanceof ConnectionError);
  assert.deepEqual([gone.name, gone.cause.name], ["ConnectionError", "TypeError"]);
  assert.ok(gone.message.startsWith(`No response came from ${address}/api/users/login.`), gone.message);
  assert.match(gone.message, /the page's origin in the ALLOWED_ORIGINS/);
});

test("what is no token is none", () => {
  for (const text of ["", "x", "a.b.c", "a.!.c", `a.${btoa("null")}.c`, `a.${btoa("1")}.c`, `a.${btoa("{")}.c`]) {
    assert.equal(decodeToken(text), undefined, text);
  }
});
