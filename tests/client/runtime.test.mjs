// The client in a realm with `fetch`, `Headers`, and of JavaScript what Safari 15 and Hermes have; against the built Worker.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createContext, runInContext } from "node:vm";
import { buildSync } from "esbuild";
import { startWorker } from "../api_workerd/harness.mjs";

const PASSWORD = "correct horse";

/** Deletes what some engine lacks, and makes an `AbortController` as React Native has it: with no reason. */
const LESS = `
  delete Object.hasOwn;
  delete Promise.allSettled;
  delete Promise.any;
  delete Array.prototype.at;
  delete Array.prototype.findLast;
  delete String.prototype.at;
  delete String.prototype.replaceAll;
  delete globalThis.WeakRef;
  Error = new Proxy(Error, { construct: (error, [message], target) => Reflect.construct(error, [message], target) });
  class AbortController {
    signal = { aborted: false, onabort() {} };
    abort() {
      this.signal.aborted = true;
      this.signal.onabort();
    }
  }
`;

/** Node's `fetch`, for a signal of the realm. */
function fetchOfRealm(url, { signal, ...init }) {
  const controller = new AbortController();
  if (signal) {
    signal.onabort = () => controller.abort();
    if (signal.aborted) {
      controller.abort();
    }
  }
  return fetch(url, { ...init, signal: controller.signal });
}

/** The client as one script, compiled for a runtime. */
function bundle(target) {
  const options = { bundle: true, write: false, format: "iife", globalName: "latchkey", target };
  return buildSync({ entryPoints: ["client/dist/index.js"], ...options }).outputFiles[0].text;
}

/** Returns the client's exports, and a function that runs code of the realm. */
function createRealm() {
  const realm = createContext({ fetch: fetchOfRealm, Headers });
  const run = (code) => runInContext(code, realm);
  run(LESS);
  run(bundle("esnext"));
  return { ...run("latchkey"), run };
}

const rejected = (promise) =>
  promise.then(
    () => assert.fail("it was not rejected"),
    (error) => error,
  );

describe("the client on a runtime with less", () => {
  const { ApiError, ConnectionError, decodeToken, Latchkey, run } = createRealm();
  let worker;
  let origin;

  before(async () => {
    const vars = {
      JWT_SECRET: "a secret of the tests, 32 bytes or more",
      PASSWORD_HASHER: "pbkdf2_sha256$1",
      RATE_LIMIT: "off",
    };
    worker = await startWorker({ vars });
    origin = worker.url.origin;
  });
  after(() => worker?.server.close());

  test("there is less, indeed", () => {
    const missing = `[typeof TextDecoder, typeof atob, typeof URL, typeof Object.hasOwn, typeof "".replaceAll,
      typeof new AbortController().signal.throwIfAborted, typeof globalThis.addEventListener, typeof setTimeout,
      typeof Promise.allSettled, typeof new Error("", { cause: 1 }).cause].join()`;
    assert.equal(run(missing), Array(10).fill("undefined").join());
  });

  test("Safari 15 and Node 18 need no compilation", () => {
    assert.equal(bundle(["safari15", "node18"]), bundle("esnext"));
  });

  test("a user registers, changes the password, and logs out and in", async () => {
    const client = new Latchkey(origin);
    const { email } = await client.register({ username: "jake", email: "jake@example.com", password: PASSWORD });
    const password = "battery staple";
    const changed = await client.update({ bio: "Ünïcödé", current_password: PASSWORD, password });
    assert.equal(changed.bio, "Ünïcödé");
    await client.logout();
    assert.equal(await client.token(), null);
    await client.login({ email, password });
    assert.equal((await client.me()).username, "jake");
    const error = await rejected(client.register({ username: "jake", email: "x", password: "x" }));
    assert.ok(error instanceof ApiError);
    assert.deepEqual(Object.keys(error.fields), ["email", "username", "password"]);
  });

  test("a logout leaves no token, though another has been stored since it was sent", async () => {
    let stored = null;
    const storage = { get: () => stored, set: (token) => void (stored = token) };
    const held = [];
    const fetch = async (...request) => {
      const response = await fetchOfRealm(...request);
      await new Promise((resolve) => held.push(resolve));
      return response;
    };
    const handled = async (count) => {
      while (held.length < count) {
        await new Promise(setImmediate);
      }
    };
    const [first, tab, other] = [{}, { fetch }, { fetch }].map(
      (options) => new Latchkey(origin, { storage, ...options }),
    );
    await first.register({ username: "leaves", email: "leaves@example.com", password: PASSWORD });
    const before = stored;
    const update = tab.update({ password: "battery staple" });
    await handled(1);
    const logout = other.logout();
    await handled(2);
    held[0]();
    await update;
    assert.notEqual(stored, before);
    held[1]();
    await logout;
    assert.equal(stored, null);
  });

  test("a connection error stays one, with a signal too, and names the address", async () => {
    const client = new Latchkey("http://127.0.0.1:9"); // of no server
    for (const options of [undefined, { signal: run("new AbortController().signal") }]) {
      const error = await rejected(client.login({ email: "x", password: "x" }, options));
      assert.ok(error instanceof ConnectionError);
      assert.match(
        error.message,
        /^No response came from http:\/\/127\.0\.0\.1:9\/api\/users\/login\. .*ALLOWED_ORIGINS/,
      );
      assert.equal(error.cause.name, "TypeError");
    }
  });

  test("a call that was given up throws what `fetch` throws", async () => {
    const controller = run("new AbortController()");
    const me = rejected(new Latchkey(origin).me({ signal: controller.signal }));
    controller.abort();
    assert.equal((await me).name, "AbortError");
  });

  test("tokens are read, beyond ASCII too", () => {
    for (const id of [1, "ü", "€", "🔑", "ÿ?>~"]) {
      const payload = Buffer.from(JSON.stringify({ id })).toString("base64url");
      assert.equal(decodeToken(`e30.${payload}.x`).id, id);
    }
    for (const payload of ["", "!", "bnVsbA", "MQ", "ew", Buffer.from([0x22, 0xff, 0x22]).toString("base64url")]) {
      assert.equal(decodeToken(`e30.${payload}.x`), undefined, payload);
    }
  });
});
