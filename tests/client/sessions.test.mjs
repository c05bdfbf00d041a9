// The list of a user's sessions, and the end of one, by the client as published.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ApiError, decodeToken, Latchkey } from "latchkey-client";
import { startWorker } from "../api_workerd/harness.mjs";
import { ENDED, rejected, startTabs, token } from "./tabs.mjs";

const password = "correct horse";
const NOT_FOUND = { errors: { error: ["Not found."] } };

for (const dialect of ["django", "realworld"]) {
  describe(`sessions, where errors are those of ${dialect}`, () => {
    let worker;
    let users = 0;
    before(async () => {
      const vars = {
        JWT_SECRET: "a secret of the tests, 32 bytes or more",
        PASSWORD_HASHER: "pbkdf2_sha256$1", // strength is not the point
        RATE_LIMIT: "off",
        API_DIALECT: dialect,
      };
      worker = await startWorker({ vars });
    });
    after(() => worker.server.close());

    /** Clients of one user, each with its session and the changes that it reported. */
    async function withSessions(count) {
      const name = `sessions${users++}`;
      const clients = [];
      for (let index = 0; index < count; index += 1) {
        const latchkey = new Latchkey(worker.url.origin);
        const credentials = { email: `${name}@example.com`, password };
        const { token } = await (index === 0
          ? latchkey.register({ username: name, ...credentials })
          : latchkey.login(credentials));
        const changes = [];
        latchkey.onSessionChange((change) => changes.push(change));
        clients.push({ latchkey, changes, sid: decodeToken(token).sid });
      }
      return clients;
    }

    /** The list, once it has as many sessions: they are recorded after the response to the login. */
    async function listed(latchkey, count) {
      for (;;) {
        const list = await latchkey.sessions();
        if (list.sessions.length >= count) {
          return list;
        }
      }
    }

    test("a user sees them, the current one first", async () => {
      const [phone, here] = await withSessions(2);
      const { sessions, more } = await listed(here.latchkey, 2);
      assert.equal(more, false);
      assert.deepEqual(
        sessions.map(({ id, current }) => [id, current]),
        [
          [here.sid, true],
          [phone.sid, false],
        ],
      );
      const [{ agent, methods, created, seen, expires }] = sessions;
      assert.deepEqual([agent, methods], [null, ["pwd"]]);
      assert.equal((Date.parse(expires) - Date.parse(seen)) / 86_400_000, 60);
      assert.ok(Date.parse(created) <= Date.parse(seen));
    });

    test("another one is ended; again, that is no error", async () => {
      const [phone, here] = await withSessions(2);
      await listed(here.latchkey, 2);
      const token = await here.latchkey.token();
      assert.equal(await here.latchkey.endSession(phone.sid), true);
      assert.equal((await rejected(phone.latchkey.me())).status, 401);
      assert.equal(await here.latchkey.endSession(phone.sid), false);
      assert.deepEqual([await here.latchkey.token(), here.changes], [token, []]);
      assert.equal((await here.latchkey.sessions()).sessions.length, 1);
    });

    test("one's own is ended as by a logout", async () => {
      const [here, there] = await withSessions(2);
      assert.equal(await here.latchkey.endSession(here.sid), true);
      assert.deepEqual([await here.latchkey.token(), here.changes], [null, ["ended"]]);
      await there.latchkey.me();

      // One that was ended elsewhere is forgotten too.
      const storage = { get: () => there.latchkey.token(), set() {} };
      await new Latchkey(worker.url.origin, { storage }).logout();
      assert.equal(await there.latchkey.endSession(there.sid), false);
      assert.deepEqual([await there.latchkey.token(), there.changes], [null, ["ended"]]);
    });

    test("no id leads to another request", async () => {
      const [{ latchkey, sid }] = await withSessions(1);
      for (const id of [
        "",
        ".",
        "..",
        "%2e%2e",
        "../",
        "../../users/logout",
        "..\\",
        `${sid}?x`,
        `${sid}#x`,
        `${sid}/`,
      ]) {
        assert.equal(await latchkey.endSession(id), false, id);
      }
      await latchkey.me();
      assert.equal(await latchkey.endSession(sid), true);
    });

    test("a user who is logged out has none", async () => {
      const latchkey = new Latchkey(worker.url.origin);
      assert.equal((await rejected(latchkey.sessions())).status, 401);
      assert.equal((await rejected(latchkey.endSession("one"))).status, 401);
    });
  });
}

describe("sessions, whatever the server sends", () => {
  test("a 200 of another server is no list", async () => {
    for (const body of [undefined, "", null, {}, { sessions: {} }]) {
      const { tabs, stored, request } = startTabs(token());
      const error = rejected(tabs[0].sessions());
      (await request()).respond(200, body);
      assert.ok((await error) instanceof ApiError);
      assert.match((await error).message, /no answer of the API, and has the status 200/);
      assert.equal(stored(), token());
    }
  });

  test("a 404 of another server is an error, one of the API is not", async () => {
    for (const [body, outcome] of [
      [{ message: "Not found" }, 404],
      [undefined, 404],
      [NOT_FOUND, false],
      [{ errors: { path: ["not found"] } }, false],
    ]) {
      const { tabs, stored, request } = startTabs(token());
      const ending = tabs[0].endSession("another").catch(({ status }) => status);
      (await request()).respond(404, body);
      assert.equal(await ending, outcome);
      assert.equal(stored(), token());
    }
  });

  test("an id is one part of the path", async () => {
    const { tabs, request } = startTabs(token());
    const ending = tabs[0].endSession("a/../b?c#d e%2e");
    const { line, respond } = await request();
    assert.equal(line, "DELETE /api/user/sessions/a%2F..%2Fb%3Fc%23d%20e%252e");
    respond(204);
    await ending;
  });

  test("an end that fails keeps the session", async () => {
    const { tabs, stored, request, isIdle } = startTabs(token());
    const error = rejected(tabs[0].endSession("one"));
    (await request()).respond(503);
    assert.equal((await error).status, 503);
    assert.equal(stored(), token());
    assert.ok(await isIdle());
  });

  test("a token that names no session is forgotten if that was its own", async () => {
    for (const [answer, kept] of [
      [[401, ENDED], null],
      [[500], token({ sid: null })],
    ]) {
      const { tabs, stored, request, isIdle } = startTabs(token({ sid: null }));
      const ending = tabs[0].endSession("derived");
      (await request()).respond(204);
      const look = await request();
      assert.equal(look.line, "GET /api/user");
      look.respond(...answer);
      assert.equal(await ending, true);
      assert.equal(stored(), kept);
      assert.ok(await isIdle());
    }
  });
});
