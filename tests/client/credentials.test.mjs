// Credentials and second steps by the client, as published, against the built Worker.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  ApiError,
  decodeToken,
  Latchkey,
  memoryStorage,
  PasskeyError,
  ReauthenticationError,
  UnverifiedError,
} from "latchkey-client";
import * as OTPAuth from "otpauth";
import { startWorker } from "../api_workerd/harness.mjs";
import { aged } from "./aged.mjs";

const JWT_SECRET = "a secret of the tests, 32 bytes or more";
const password = "correct horse";
const VARS = {
  JWT_SECRET,
  DATA_SECRET: "another secret of the tests, 32 bytes or more",
  PASSKEY_RP_ID: "localhost",
  PASSWORD_HASHER: "pbkdf2_sha256$1", // strength is not the point
  RATE_LIMIT: "off",
};

const errorOf = (promise) =>
  promise.then(
    () => assert.fail("it was not rejected"),
    (error) => error,
  );

/** The code of an app: now, or half a minute later, which is taken as well, once the first was used. */
const code = (uri, later = 0) => OTPAuth.URI.parse(uri).generate({ timestamp: Date.now() + later });
const NEXT = 30_000;

for (const API_DIALECT of ["django", "realworld"]) {
  describe(`the client and credentials, where errors are those of ${API_DIALECT}`, () => {
    let worker;
    let users = 0;

    before(async () => {
      worker = await startWorker({ vars: { ...VARS, API_DIALECT } });
    });
    after(() => worker.server.close());

    async function registered(options) {
      const latchkey = new Latchkey(worker.url.origin, options);
      const username = `user${users++}`;
      const credentials = { email: `${username}@example.com`, password };
      await latchkey.register({ username, ...credentials });
      return { latchkey, credentials };
    }

    /** A user whose app was confirmed. */
    async function withApp(options) {
      const { latchkey, credentials } = await registered(options);
      const { id, uri } = await latchkey.addTotp();
      const { recovery } = await latchkey.confirmTotp(id, code(uri));
      return { latchkey, credentials, id, uri, recovery };
    }

    test("an app is added, confirmed, asked for at a login, and removed", async () => {
      const { latchkey, credentials } = await registered();
      const other = new Latchkey(worker.url.origin);
      await other.login(credentials);
      assert.deepEqual((await latchkey.credentials()).credentials, []);
      const { id, type, secret, uri } = await latchkey.addTotp();
      assert.deepEqual([type, OTPAuth.URI.parse(uri).secret.base32], ["totp", secret]);
      assert.deepEqual((await latchkey.credentials()).credentials, [], "it waits");

      const old = await latchkey.token();
      const wrong = await errorOf(latchkey.confirmTotp(id, "nonsense"));
      assert.ok(wrong instanceof ApiError && wrong.fields.code, wrong.message);
      const { credential, recovery } = await latchkey.confirmTotp(id, code(uri));
      assert.deepEqual([credential.id, credential.type, recovery.length], [id, "totp", 8]);
      const token = await latchkey.token();
      assert.notEqual(token, old);
      assert.deepEqual(decodeToken(token).amr, ["pwd", "mfa"]);
      assert.equal((await errorOf(other.me())).status, 401);
      assert.equal((await latchkey.credentials()).credentials.length, 9);

      await latchkey.logout();
      const step = await latchkey.login(credentials);
      assert.deepEqual([step.of, step.factor.types], ["login", ["totp", "recovery"]]);
      assert.equal(await latchkey.token(), null, "no session has begun");
      const refused = await errorOf(latchkey.takeSecondStep(step, { code: code(uri) }));
      assert.ok(refused.fields.code, "the code that confirmed it was used");
      const user = await latchkey.takeSecondStep(step, { code: code(uri, NEXT) });
      assert.deepEqual([user.email, user.token], [credentials.email, await latchkey.token()]);
      assert.ok((await errorOf(latchkey.takeSecondStep(step, { code: code(uri, NEXT) }))).fields.secret);

      assert.equal(await latchkey.removeCredential(id), true);
      assert.equal(await latchkey.removeCredential(id), false);
      assert.deepEqual((await latchkey.credentials()).credentials, []);
      assert.equal((await latchkey.login(credentials)).email, credentials.email);
    });

    test("a recovery code works once, and a new set replaces all", async () => {
      const { latchkey, credentials, recovery } = await withApp();
      const left = async () =>
        (await latchkey.credentials()).credentials.filter(({ type, used }) => type === "recovery" && !used);
      await latchkey.takeSecondStep(await latchkey.login(credentials), { code: recovery[0].toLowerCase() });
      assert.equal((await left()).length, 7);
      const step = await latchkey.login(credentials);
      assert.ok((await errorOf(latchkey.takeSecondStep(step, { code: recovery[0] }))).fields.code);
      await latchkey.takeSecondStep(step, { code: recovery[1] });
      const codes = await latchkey.recoveryCodes();
      assert.equal(codes.length, 8);
      assert.equal((await left()).length, 8);
      const again = await latchkey.login(credentials);
      assert.ok((await errorOf(latchkey.takeSecondStep(again, { code: recovery[2] }))).fields.code);
      await latchkey.takeSecondStep(again, { code: codes[0] });
    });

    test("a second step leaves the session that there is alone, and tells no listener", async () => {
      const { latchkey, credentials, recovery } = await withApp();
      const changes = [];
      latchkey.onSessionChange((change) => changes.push(change));
      const token = await latchkey.token();
      assert.ok((await latchkey.login(credentials)).factor);
      const step = await latchkey.reauthenticate({ password });
      assert.equal(step.of, "reauthentication");
      assert.equal(await latchkey.token(), token);
      const elsewhere = { ...step, of: "login" };
      assert.ok((await errorOf(latchkey.takeSecondStep(elsewhere, { code: recovery[0] }))).fields.secret);
      const { sid } = decodeToken(token);
      const user = await latchkey.takeSecondStep(step, { code: recovery[0] });
      assert.equal(decodeToken(user.token).sid, sid);
      assert.deepEqual(decodeToken(user.token).amr, ["pwd", "otp", "mfa"]);
      assert.equal(await latchkey.token(), user.token);
      assert.deepEqual(changes, []);
    });

    test("a change that needs a proof is repeated once there is one, second step and all", async () => {
      let renewed = 0;
      const storage = memoryStorage();
      const { latchkey, recovery } = await withApp({
        storage,
        renewProof: async () => {
          renewed += 1;
          const step = await latchkey.reauthenticate({ password });
          await latchkey.takeSecondStep(step, { code: recovery[renewed] });
          return true;
        },
      });
      for (const change of [
        () => latchkey.recoveryCodes(),
        () => latchkey.addTotp(),
        () => latchkey.removeCredential(1).then((isRemoved) => assert.equal(isRemoved, false)),
      ]) {
        storage.set(aged(await latchkey.token(), JWT_SECRET));
        const before = renewed;
        const result = await change().catch((error) => error);
        assert.equal(renewed, before + 1);
        if (result?.length === 8) {
          recovery.splice(0, 8, ...result);
        }
      }
    });

    test("where the app asks for no proof, a change throws, and keeps the session", async () => {
      const storage = memoryStorage();
      const { latchkey } = await registered({ storage });
      storage.set(aged(await latchkey.token(), JWT_SECRET));
      for (const change of [() => latchkey.addTotp(), () => latchkey.recoveryCodes(), () => latchkey.addPasskey("x")]) {
        assert.ok((await errorOf(change())) instanceof ReauthenticationError);
      }
      assert.ok(await latchkey.token());
    });

    test("a runtime without passkeys says so", async () => {
      const { latchkey } = await registered();
      for (const use of [
        () => latchkey.addPasskey("Phone"),
        () => latchkey.loginWithPasskey(),
        () => latchkey.loginWithPasskey({ autofill: true }),
        () => latchkey.reauthenticate({ passkey: true }),
        () => latchkey.takeSecondStep({ of: "login", factor: { secret: "x", types: [] } }, { passkey: true }),
      ]) {
        const error = await errorOf(use());
        assert.ok(error instanceof PasskeyError && error.reason === "unavailable", String(error));
      }
      const reason = new Error("left");
      assert.equal(await errorOf(latchkey.loginWithPasskey({ signal: AbortSignal.abort(reason) })), reason);
      assert.ok(await latchkey.token());
    });
  });
}

describe("the client and credentials, where mail is on", () => {
  for (const API_DIALECT of ["django", "realworld"]) {
    test(`an email that is not verified is no reason to end the session: ${API_DIALECT}`, async () => {
      const mail = { EMAIL: "bound", MAIL_FROM: "a@example.com", APP_URL: "https://app.example.com/" };
      const { server, url } = await startWorker({ vars: { ...VARS, ...mail, API_DIALECT } });
      try {
        const latchkey = new Latchkey(url.origin);
        await latchkey.register({ username: "jake", email: "jake@example.com", password });
        const error = await errorOf(latchkey.addTotp());
        assert.ok(error instanceof UnverifiedError && error.status === 403, String(error));
        assert.ok(await latchkey.token());
      } finally {
        await server.close();
      }
    });
  }
});
