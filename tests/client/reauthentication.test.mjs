// Proofs that the API asks for, by the client, as published, against the built Worker.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ApiError, decodeToken, Latchkey, memoryStorage, ReauthenticationError } from "latchkey-client";
import { startWorker } from "../api_workerd/harness.mjs";
import { aged } from "./aged.mjs";

const JWT_SECRET = "a secret of the tests, 32 bytes or more";
const password = "correct horse";

const errorOf = (promise) =>
  promise.then(
    () => assert.fail("it was not rejected"),
    (error) => error,
  );

for (const dialect of ["django", "realworld"]) {
  describe(`the client, where a proof is too old, and errors are those of ${dialect}`, () => {
    const isDjango = dialect === "django";
    let worker;
    let users = 0;

    before(async () => {
      const vars = {
        JWT_SECRET,
        PASSWORD_HASHER: "pbkdf2_sha256$1", // strength is not the point
        RATE_LIMIT: "off",
        REAUTHENTICATE_MINUTES: "10",
        API_DIALECT: dialect,
      };
      worker = await startWorker({ vars });
    });
    after(() => worker.server.close());

    /** A user's client with an old proof, and the requests that it sent since. */
    async function withOldProof(options = {}) {
      const { origin } = worker.url;
      const name = `old${users++}`;
      const user = await new Latchkey(origin).register({ username: name, email: `${name}@example.com`, password });
      const storage = memoryStorage();
      const old = aged(user.token, JWT_SECRET);
      storage.set(old);
      const requests = [];
      const send = (url, init) => {
        requests.push(`${init.method} ${new URL(url).pathname}`);
        return fetch(url, init);
      };
      const latchkey = new Latchkey(origin, { storage, fetch: send, ...options });
      return { latchkey, requests, old, name };
    }

    test("an app that asks for no proof gets an error, and keeps the session", async () => {
      const { latchkey, requests, old } = await withOldProof();
      for (const refused of [() => latchkey.update({ password: "another horse" }), () => latchkey.deactivate()]) {
        const error = await errorOf(refused());
        assert(error instanceof ReauthenticationError && error instanceof ApiError);
        assert.equal(error.status, 403);
        assert.deepEqual(error.fields, {});
        assert.equal(error.message, isDjango ? "Reauthentication is required." : "session must be reauthenticated.");
        assert.equal(await latchkey.token(), old);
      }
      assert.deepEqual(requests, ["PATCH /api/user", "DELETE /api/user"]);
      assert.equal((await latchkey.update({ bio: "x" })).bio, "x");
    });

    test("a refused request is repeated once the app has a proof", async () => {
      let asked = 0;
      const { latchkey, requests, old, name } = await withOldProof({
        renewProof: async () => {
          asked++;
          const user = await latchkey.reauthenticate({ password });
          assert.equal(await latchkey.token(), user.token);
          return true;
        },
      });
      const email = `${name}-new@example.com`;
      assert.equal((await latchkey.update({ email })).email, email);
      assert.deepEqual(requests, ["PATCH /api/user", "POST /api/user/reauthenticate", "PATCH /api/user"]);
      const claims = decodeToken(await latchkey.token());
      assert.equal(claims.sid, decodeToken(old).sid);
      assert(claims.auth_time > decodeToken(old).auth_time);
      await latchkey.deactivate();
      assert.equal(asked, 1);
    });

    test("a request is repeated at most once, and not at all without a proof", async () => {
      for (const [isDone, expected] of [
        [false, ["DELETE /api/user"]],
        [true, ["DELETE /api/user", "DELETE /api/user"]],
      ]) {
        const { latchkey, requests, old } = await withOldProof({ renewProof: async () => isDone });
        assert((await errorOf(latchkey.deactivate())) instanceof ReauthenticationError);
        assert.deepEqual(requests, expected);
        assert.equal(await latchkey.token(), old);
      }
    });

    test("no request is repeated for another user, who has logged in meanwhile", async () => {
      const { origin } = worker.url;
      const storage = memoryStorage();
      const { latchkey, requests, old, name } = await withOldProof({
        storage,
        renewProof: async () => {
          const other = { username: `${name}-other`, email: `${name}-other@example.com`, password };
          await new Latchkey(origin, { storage }).register(other);
          await latchkey.reauthenticate({ password });
          return true;
        },
      });
      storage.set(old);
      assert((await errorOf(latchkey.deactivate())) instanceof ReauthenticationError);
      assert.deepEqual(requests, ["DELETE /api/user", "POST /api/user/reauthenticate"]);
      assert.equal((await latchkey.me()).username, `${name}-other`);
    });

    test("a response to an older token replaces no newer proof", async () => {
      let release;
      const held = new Promise((resolve) => (release = resolve));
      const { latchkey, old } = await withOldProof({
        fetch: async (url, init) => {
          const response = await fetch(url, init);
          if (init.method === "GET") {
            await held;
          }
          return response;
        },
      });
      const reading = latchkey.me();
      const { token } = await latchkey.reauthenticate({ password });
      release();
      await reading;
      assert.equal(await latchkey.token(), token);
      assert(decodeToken(token).auth_time > decodeToken(old).auth_time);
    });

    test("requests at once share a proof", async () => {
      let asked = 0;
      const { latchkey, requests, name } = await withOldProof({
        renewProof: async () => {
          asked++;
          while (requests.length < 2) {
            await new Promise(setImmediate);
          }
          await latchkey.reauthenticate({ password });
          return true;
        },
      });
      const changes = ["a", "b"].map((part) => latchkey.update({ email: `${name}-${part}@example.com` }));
      assert.equal((await Promise.all(changes)).length, 2);
      assert.equal(asked, 1);
    });

    test("a wrong password proves nothing, and keeps the session", async () => {
      const { latchkey, old } = await withOldProof();
      const error = await errorOf(latchkey.reauthenticate({ password: "wrong" }));
      assert(error instanceof ApiError && !(error instanceof ReauthenticationError));
      assert.deepEqual(error.fields, { password: [isDjango ? "Invalid password." : "is invalid"] });
      const message = isDjango ? "Invalid password." : "is invalid";
      const { fields } = await errorOf(latchkey.deactivate({ current_password: "wrong" }));
      assert.deepEqual(fields, { current_password: [message] });
      assert.equal(await latchkey.token(), old);
      await latchkey.deactivate({ current_password: password });
      assert.equal(await latchkey.token(), null);
    });
  });
}
