// Requests of staff by the client, as published, against the built Worker.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  ApiError,
  ForbiddenError,
  Latchkey,
  LatchkeyAdmin,
  memoryStorage,
  NotFoundError,
  ReauthenticationError,
} from "latchkey-client";
import * as OTPAuth from "otpauth";
import { startWorker } from "../api_workerd/harness.mjs";
import { aged } from "./aged.mjs";

const JWT_SECRET = "a secret of the tests, 32 bytes or more";
const password = "correct horse";
const VARS = {
  JWT_SECRET,
  PASSWORD_HASHER: "pbkdf2_sha256$1", // strength is not the point
  RATE_LIMIT: "off",
};
const DATA_SECRET = "another secret of the tests, 32 bytes or more";
const MAIL = { EMAIL: "bound", MAIL_FROM: "accounts@example.com", APP_URL: "https://app.example.com/" };

const errorOf = (promise) =>
  promise.then(
    () => assert.fail("it was not rejected"),
    (error) => error,
  );

async function all(list) {
  const found = [];
  for await (const each of list) {
    found.push(each);
  }
  return found;
}

for (const API_DIALECT of ["django", "realworld"]) {
  describe(`the client for staff, where errors are those of ${API_DIALECT}`, () => {
    let worker;
    let users = 0;

    before(async () => {
      worker = await startWorker({ vars: { ...VARS, ...MAIL, DATA_SECRET, API_DIALECT } });
    });
    after(() => worker.server.close());

    async function run(sql, ...values) {
      const { DB } = await worker.server.getWorker().getEnv();
      await DB.prepare(sql)
        .bind(...values)
        .run();
    }

    /** A user's client, and how it sees them. */
    async function registered(options) {
      const latchkey = new Latchkey(worker.url.origin, options);
      const username = `user${users++}`;
      const email = `${username}@example.com`;
      const { token } = await latchkey.register({ username, email, password });
      const [, payload] = token.split(".");
      return { latchkey, username, email, id: JSON.parse(Buffer.from(payload, "base64url")).id };
    }

    /** A member of staff, with a second factor. */
    async function staff(flags = "is_staff = 1", options = {}) {
      const user = await registered(options);
      await run(`UPDATE users SET ${flags}, email_verified = 1 WHERE id = ?`, user.id);
      const { id, uri } = await user.latchkey.addTotp();
      await user.latchkey.confirmTotp(id, OTPAuth.URI.parse(uri).generate());
      return { ...user, admin: new LatchkeyAdmin(user.latchkey) };
    }
    const superuser = (options) => staff("is_staff = 1, is_superuser = 1", options);

    test("users are found, page after page", async () => {
      const { admin } = await staff();
      const found = [await registered(), await registered(), await registered()];
      for (const [index, { id }] of found.entries()) {
        await run("UPDATE users SET email = ?, is_active = ? WHERE id = ?", `paged${index}@x.io`, index ? 1 : 0, id);
      }
      const page = await admin.users({ q: "PAGED", limit: 2 });
      assert.deepEqual([page.users.length, page.users[0].email, typeof page.next], [2, "paged0@x.io", "string"]);
      const { id, username } = found[0];
      const { created, updated, ...rest } = page.users[0];
      const flags = { active: false, staff: false, superuser: false, verified: false };
      assert.deepEqual(rest, { id, email: "paged0@x.io", username, bio: null, image: null, ...flags });
      assert.ok(Date.parse(created) <= Date.parse(updated));

      const emails = (list) => list.map(({ email }) => email);
      const each = await all(admin.eachUser({ q: "paged", limit: 1 }));
      assert.deepEqual(emails(each), ["paged0@x.io", "paged1@x.io", "paged2@x.io"]);
      const active = await all(admin.eachUser({ q: "paged", limit: 1, state: "active" }));
      assert.deepEqual(emails(active), ["paged1@x.io", "paged2@x.io"]);
      const later = await all(admin.eachUser({ q: "paged", after: page.next }));
      assert.deepEqual(emails(later), ["paged2@x.io"]);
      const [newest] = (await admin.users()).users;
      assert.equal(newest.id, found[2].id);
      assert.deepEqual(emails((await admin.users({ q: `${id}` })).users)[0], "paged0@x.io");
      assert.deepEqual((await admin.users({ q: "a & b=c" })).users, []);
    });

    test("a user is erased; one who is gone already is no error", async () => {
      const { admin } = await superuser();
      const user = await registered();
      assert.deepEqual([await admin.erase(user.id), await admin.erase(user.id)], [true, false]);
      assert.ok((await errorOf(admin.user(user.id))) instanceof NotFoundError);
      const { events } = await admin.events({ user: user.id });
      assert.equal(events[0].type, "user.erased");
      const again = await registered();
      assert.ok(again.id > user.id);
    });

    test("parameters that have none of their values are errors of theirs", async () => {
      const { admin } = await staff();
      for (const search of [{ limit: 0 }, { limit: 101 }, { state: "other" }, { after: "?" }]) {
        const error = await errorOf(admin.users(search));
        assert.ok(error instanceof ApiError);
        assert.deepEqual(Object.keys(error.fields), Object.keys(search));
      }
      assert.ok((await errorOf(admin.events({ type: "other" }))).fields.type);
      assert.ok((await errorOf(admin.events({ user: -1 }))).fields.user);
    });

    test("a user is invited, changed, and sent a reset, and the events tell of it", async () => {
      const { admin, id: actor } = await superuser();
      const invited = await admin.invite({ username: "anna", email: "anna@example.com" });
      assert.deepEqual([invited.username, invited.verified, invited.active], ["anna", false, true]);
      const { methods } = await admin.user(invited.id);
      assert.deepEqual(methods, { password: false, credentials: [] });
      await run("UPDATE secrets SET created_at = created_at - 60"); // the minute until the next mail may be
      const taken = await errorOf(admin.invite({ username: "anna", email: "anna@example.com" }));
      assert.deepEqual(Object.keys(taken.fields).sort(), ["email", "username"]);

      const changed = await admin.change(invited.id, { username: "anne", active: false });
      assert.deepEqual([changed.username, changed.active], ["anne", false]);
      assert.match((await errorOf(admin.requestPasswordReset(invited.id))).message, /deactivated/);
      await admin.change(invited.id, { active: true, email: "anne@example.com", staff: true });
      await run("UPDATE secrets SET created_at = created_at - 60");
      const { expires } = await admin.requestPasswordReset(invited.id);
      assert.ok(Date.parse(expires) > Date.now());

      const types = (events) => events.map(({ type }) => type);
      const { events } = await admin.events({ user: invited.id, limit: 3 });
      assert.deepEqual(types(events).length, 3);
      const every = await all(admin.eachEvent({ user: invited.id, limit: 2 }));
      assert.deepEqual(types(every).sort(), [
        "email.changed",
        "staff.granted",
        "staff.reset_requested",
        "user.activated",
        "user.deactivated",
        "user.registered",
        "user.renamed",
      ]);
      assert.ok(every.every((event) => event.actor === actor && event.user === invited.id));
      const [renamed] = await all(admin.eachEvent({ type: "user.renamed" }));
      assert.equal(renamed.user, invited.id);
    });

    test("sessions are ended, one and all", async () => {
      const { admin } = await staff();
      const { latchkey, email, id } = await registered();
      const other = new Latchkey(worker.url.origin);
      await other.login({ email, password });
      let listed;
      do {
        listed = await admin.sessions(id);
      } while (listed.sessions.length < 2); // the last login is recorded after its response
      const { sessions, more } = listed;
      assert.equal(more, false);
      const [{ id: own }] = (await other.sessions()).sessions;
      for (const [session, expected] of [
        ["", false],
        ["..", false],
        ["unknown", false],
        [own, true],
        [own, false],
      ]) {
        assert.equal(await admin.endSession(id, session), expected, session);
      }
      assert.equal(sessions.length, 2);
      assert.equal((await errorOf(other.me())).status, 401);
      assert.equal((await latchkey.me()).email, email);
      await admin.endSessions(id);
      assert.equal((await errorOf(latchkey.me())).status, 401);
      assert.deepEqual((await admin.sessions(id)).sessions, []);
      assert.ok((await errorOf(admin.sessions(99_999))) instanceof NotFoundError);
    });

    test("credentials are for superusers, as flags, emails and staff are", async () => {
      const { admin, id: own } = await staff();
      const root = await superuser();
      const { credentials } = (await root.admin.user(own)).methods;
      const app = credentials.find(({ type }) => type === "totp").id;
      for (const refused of [
        () => admin.removeCredential(root.id, 1),
        () => admin.change(root.id, { username: "other" }),
        () => admin.endSessions(root.id),
        () => admin.change(own, { username: "other" }), // oneself
        () => root.admin.change(root.id, { active: false }),
      ]) {
        const error = await errorOf(refused());
        assert.ok(error instanceof ForbiddenError && error instanceof ApiError, error.message);
        assert.deepEqual([error.status, error.fields], [403, API_DIALECT === "django" ? {} : error.fields]);
      }
      const { id } = await registered();
      assert.ok((await errorOf(admin.change(id, { email: "x@example.com" }))) instanceof ForbiddenError);
      assert.equal(await root.admin.removeCredential(own, app), true);
      assert.equal(await root.admin.removeCredential(own, app), false);
    });

    test("who is no member of staff, or lacks a second factor, is refused, and stays logged in", async () => {
      const plain = await registered();
      const oneFactor = await registered();
      await run("UPDATE users SET is_staff = 1 WHERE id = ?", oneFactor.id);
      for (const { latchkey, email } of [plain, oneFactor]) {
        assert.ok((await errorOf(new LatchkeyAdmin(latchkey).users())) instanceof ForbiddenError);
        assert.equal((await latchkey.me()).email, email);
      }
    });

    test("a refused token ends the session", async () => {
      const { admin, latchkey, id } = await staff();
      await run("UPDATE users SET token_version = token_version + 1, surviving_sid = NULL WHERE id = ?", id);
      assert.equal((await errorOf(admin.users())).status, 401);
      assert.equal(await latchkey.token(), null);
    });

    test("an old proof is renewed, and the request repeated", async () => {
      const storage = memoryStorage();
      const { latchkey, admin } = await superuser({ storage });
      const { id } = await registered();
      const fresh = storage.get();
      const old = aged(fresh, JWT_SECRET);
      storage.set(old);
      assert.equal((await admin.user(id)).id, id, "an hour is no age for reading");
      assert.ok((await errorOf(admin.change(id, { active: false }))) instanceof ReauthenticationError);
      assert.equal(await latchkey.token(), old);

      let asked = 0;
      const renewing = new Latchkey(worker.url.origin, {
        storage,
        renewProof: async () => {
          asked++;
          storage.set(fresh);
          return true;
        },
      });
      const { active } = await new LatchkeyAdmin(renewing).change(id, { active: false });
      assert.deepEqual([active, asked], [false, 1]);
    });
  });
}

test("a deployment without DATA_SECRET has nothing for staff", async () => {
  const { server, url } = await startWorker({ vars: VARS });
  try {
    const latchkey = new Latchkey(url.origin);
    await latchkey.register({ username: "jake", email: "jake@example.com", password });
    assert.ok((await errorOf(new LatchkeyAdmin(latchkey).users())) instanceof NotFoundError);
  } finally {
    await server.close();
  }
});

test("requests of staff carry the cookie of Cloudflare Access", async () => {
  const requests = [];
  const send = async (url, { method, credentials }) => {
    requests.push(`${method} ${url} ${credentials}`);
    return new Response(null, { status: 204 });
  };
  await new LatchkeyAdmin(new Latchkey("https://api.example.com/", { fetch: send })).endSessions(7);
  assert.deepEqual(requests, ["DELETE https://api.example.com/api/admin/users/7/sessions same-origin"]);
});
