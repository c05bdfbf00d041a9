// Mailed secrets, by the client as published: with the mails that the built Worker sends, and with responses as they may come.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ApiError, decodeToken, joinCode, Latchkey, readSecret } from "latchkey-client";
import { startWorker } from "../api_workerd/harness.mjs";
import { MAIL_VARS, mailbox } from "../browser/mailbox.mjs";
import { ENDED, rejected, settle, startTabs, token, userWith } from "./tabs.mjs";

const password = "correct horse";
const ID = "Zr8mC1v0Qk2dYt5xHn7wLA";
const SECRET = `${ID}.q3J0kXn5cYb8vTzR1sWm6LpAe9UgHd2FoNi7KtQxB4E`;
const MAIL = { id: ID, expires: "2026-11-28T11:07:22Z" };
const VARS = {
  JWT_SECRET: "a secret of the tests, 32 bytes or more",
  PASSWORD_HASHER: "pbkdf2_sha256$1", // strength is not the point
  RATE_LIMIT: "off",
};

for (const dialect of ["django", "realworld"]) {
  describe(`the client with mail, where errors are those of ${dialect}`, () => {
    const INVALID = { secret: [dialect === "django" ? "Invalid or expired." : "is invalid"] };
    let worker;
    let mails;
    let users = 0;
    before(async () => {
      worker = await startWorker({ vars: { ...VARS, ...MAIL_VARS, API_DIALECT: dialect } });
      mails = mailbox({ url: worker.url.origin, worker: worker.server.getWorker() });
    });
    after(() => worker.server.close());

    /** A client whose user is registered, with the mail that this brought. */
    async function registered() {
      const name = `mailed${users++}`;
      const email = `${name}@example.com`;
      const latchkey = new Latchkey(worker.url.origin);
      const { mail } = await latchkey.register({ username: name, email, password });
      return { latchkey, email, mail, received: await mails.next(email) };
    }

    test("a registration tells of its mail, and the address is verified by link", async () => {
      const { latchkey, email, mail, received } = await registered();
      assert.equal(mail.id.length, 22);
      assert.ok(Date.parse(mail.expires) > 0);
      assert.deepEqual((await latchkey.credentials()).email, { address: email, verified: false, pending: null });
      const { purpose, secret } = readSecret(new URL(received.link).hash);
      assert.equal(purpose, "verification");
      const user = await latchkey.verifyEmail(secret);
      assert.equal(user.token, await latchkey.token());
      assert.equal("mail" in user, false);
      const { credentials, ...state } = await latchkey.credentials();
      assert.deepEqual(state, {
        email: { address: email, verified: true, pending: null },
        proof: true,
        passkey: null,
      });
      assert.deepEqual(credentials, []);
      assert.deepEqual((await rejected(latchkey.verifyEmail(secret))).fields, INVALID);
      assert.deepEqual(Object.keys((await rejected(latchkey.requestEmailVerification())).fields), ["email"]);
    });

    test("a new email waits, and takes effect by its code, with a fresh token", async () => {
      const { latchkey, email, mail, received } = await registered();
      await latchkey.verifyEmail(joinCode(mail.id, received.code));
      const other = `new-${email}`;
      const { mail: change, ...user } = await latchkey.update({ email: other });
      assert.equal(user.email, email);
      assert.equal((await latchkey.credentials()).email.pending, other);
      assert.equal((await latchkey.update({ email })).email, email);
      assert.equal((await latchkey.credentials()).email.pending, null);

      await mails.next(other);
      await mails.age();
      const { mail: again } = await latchkey.update({ email: other });
      const { code } = await mails.next(other);
      assert.notEqual(change.id, again.id);
      const before = await latchkey.token();
      const verified = await latchkey.verifyEmail(joinCode(again.id, ` ${code.slice(0, 4)} ${code.slice(4)}\n`));
      assert.equal(verified.email, other);
      assert.ok(decodeToken(await latchkey.token()).ver > decodeToken(before).ver);
      assert.equal((await latchkey.me()).email, other);
    });

    test("a reset ends the sessions of its user, also that of this client, and no other's", async () => {
      const { latchkey, email } = await registered();
      const { latchkey: other } = await registered();
      await mails.age();
      const guest = new Latchkey(worker.url.origin);
      assert.equal((await guest.methods()).reset, true);
      const mail = await guest.requestPasswordReset(email);
      assert.deepEqual(Object.keys(mail), ["id", "expires"]);
      const { secret } = readSecret((await mails.next(email)).fragment);
      const changes = [];
      latchkey.onSessionChange((change) => changes.push(change));
      await latchkey.resetPassword({ secret, password: "battery staple" });
      await settle();
      assert.deepEqual([await latchkey.token(), changes], [null, ["ended"]]);
      assert.deepEqual((await rejected(guest.resetPassword({ secret, password }))).fields, INVALID);
      await guest.login({ email, password: "battery staple" });

      await mails.age();
      const { id } = await guest.requestPasswordReset(email);
      await other.resetPassword({ secret: joinCode(id, (await mails.next(email)).code), password });
      assert.notEqual(await other.token(), null);
      await other.me();
    });

    test("a mailed secret logs in, and proves again who uses the session", async () => {
      const { latchkey, email, mail, received } = await registered();
      await latchkey.verifyEmail(joinCode(mail.id, received.code));
      await mails.age();
      const guest = new Latchkey(worker.url.origin);
      await guest.requestSignIn(email);
      const { secret } = readSecret((await mails.next(email)).fragment);
      const user = await guest.login({ secret });
      assert.equal(user.token, await guest.token());
      assert.deepEqual(decodeToken(user.token).amr, ["email"]);
      assert.deepEqual((await rejected(guest.login({ secret }))).fields, INVALID);

      await mails.age();
      const { id } = await latchkey.requestSignIn(email);
      const proof = { secret: joinCode(id, (await mails.next(email)).code) };
      assert.deepEqual(decodeToken((await latchkey.reauthenticate(proof)).token).amr, ["email"]);
      assert.deepEqual((await rejected(latchkey.reauthenticate(proof))).fields, INVALID);
    });

    test("whoever asks too often is told how long to wait", async () => {
      const guest = new Latchkey(worker.url.origin);
      await guest.requestSignIn("nobody@example.com");
      const { status, retryAfter } = await rejected(guest.requestSignIn("nobody@example.com"));
      assert.equal(status, 429);
      assert.ok(retryAfter > 0 && retryAfter <= 60, `${retryAfter}`);
    });
  });
}

describe("the client without mail", () => {
  test("there is none of it, and users are as before", async () => {
    const worker = await startWorker({ vars: VARS });
    try {
      const latchkey = new Latchkey(worker.url.origin);
      assert.deepEqual(await latchkey.methods(), { password: true, reset: false, sign_in: false, passkey: null });
      const user = await latchkey.register({ username: "jake", email: "jake@example.com", password });
      assert.deepEqual(Object.keys(user), ["email", "username", "bio", "image", "token"]);
      for (const call of [
        () => latchkey.requestPasswordReset("jake@example.com"),
        () => latchkey.requestSignIn("jake@example.com"),
        () => latchkey.requestEmailVerification(),
        () => latchkey.credentials(),
        () => latchkey.verifyEmail(SECRET),
        () => latchkey.resetPassword({ secret: SECRET, password }),
      ]) {
        assert.equal((await rejected(call())).status, 404);
      }
      assert.equal(await latchkey.token(), user.token);
    } finally {
      await worker.server.close();
    }
  });
});

describe("mail, whatever the server sends", () => {
  test("a 200 of another server is no answer", async () => {
    for (const body of [undefined, "", null, {}, { mail: "x", methods: 1, credentials: null }]) {
      for (const call of [
        (tab) => tab.requestPasswordReset("jake@example.com"),
        (tab) => tab.requestEmailVerification(),
        (tab) => tab.methods(),
        (tab) => tab.credentials(),
        (tab) => tab.verifyEmail(SECRET),
      ]) {
        const { tabs, stored, request } = startTabs(token());
        const error = rejected(call(tabs[0]));
        (await request()).respond(200, body);
        assert.ok((await error) instanceof ApiError);
        assert.match((await error).message, /no answer of the API, and has the status 200/);
        assert.equal(stored(), token());
      }
    }
  });

  test("requests of guests carry no token", async () => {
    const { tabs, request } = startTabs(token());
    for (const [call, line] of [
      [(tab) => tab.methods(), "GET /api/users/methods"],
      [(tab) => tab.requestPasswordReset("jake@example.com"), "POST /api/users/password-reset"],
      [(tab) => tab.requestSignIn("jake@example.com"), "POST /api/users/sign-in"],
    ]) {
      const done = call(tabs[0]);
      const sent = await request();
      assert.deepEqual([sent.line, sent.token], [line, null]);
      sent.respond(200, { mail: MAIL, methods: { password: true } });
      await done;
    }
  });

  test("a reset by a client without a session is one request", async () => {
    const { tabs, request, isIdle } = startTabs(null);
    const done = tabs[0].resetPassword({ secret: SECRET, password });
    const { line, body, respond } = await request();
    assert.deepEqual([line, body], ["PUT /api/users/password-reset", { user: { secret: SECRET, password } }]);
    respond(204);
    await done;
    assert.ok(await isIdle());
  });

  test("a request that a new email has overtaken is repeated with the token that this brings", async () => {
    const { tabs, stored, request, isIdle } = startTabs(token());
    const reading = tabs[0].me();
    const read = await request();
    const verifying = tabs[0].verifyEmail(SECRET);
    const verification = await request();
    assert.deepEqual(
      [verification.line, verification.body],
      ["PUT /api/user/email-verification", { user: { secret: SECRET } }],
    );
    read.respond(401, ENDED);
    assert.ok(await isIdle()); // it waits for the token
    verification.respond(200, userWith(token({ ver: 1 })));
    await verifying;
    const again = await request();
    assert.deepEqual([again.line, again.token], ["GET /api/user", token({ ver: 1 })]);
    again.respond(200, userWith(token({ ver: 1, iat: 101 })));
    await reading;
    assert.equal(stored(), token({ ver: 1, iat: 101 }));
  });
});

describe("a secret", () => {
  test("is read from the fragment of a link", () => {
    for (const purpose of ["reset", "invitation", "verification", "sign_in"]) {
      for (const mark of ["#", ""]) {
        assert.deepEqual(readSecret(`${mark}purpose=${purpose}&secret=${SECRET}`), { purpose, secret: SECRET });
      }
    }
  });

  test("is nothing else, and nothing throws", () => {
    for (const fragment of [
      "",
      "#",
      "#section",
      `#secret=${SECRET}`,
      `#secret=${SECRET}&purpose=reset`,
      `#purpose=reset&secret=${SECRET}&x=1`,
      `#purpose=reset&secret=${SECRET}\n`,
      `#purpose=reset&secret=${SECRET.slice(1)}`,
      `#purpose=reset&secret=${SECRET}A`,
      `#purpose=reset&secret=${ID}.40718236`,
      `#purpose=other&secret=${SECRET}`,
      `#purpose=constructor&secret=${SECRET}`,
      `##purpose=reset&secret=${SECRET}`,
      `#purpose=reset&secret=${SECRET.replace("Z", "%5A")}`,
      "#purpose=reset&secret=%",
      undefined,
      null,
      {},
    ]) {
      assert.equal(readSecret(fragment), undefined, String(fragment));
    }
  });

  test("is made of an id and the code, however that is spaced", () => {
    for (const code of ["40718236", " 4071 8236 ", "40 71\t82\u00a036\n"]) {
      assert.equal(joinCode(ID, code), `${ID}.40718236`);
    }
  });
});
