// Responses that arrive in any order, for clients that share a storage as tabs of a browser do.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ApiError, ConnectionError } from "latchkey-client";
import { ENDED, PASSWORDS, rejected, settle, startTabs, token, userWith } from "./tabs.mjs";

const old = token();
const newer = token({ ver: 1 }); // in the same second

/** With what a success leaves in the storage: a `fresh` token, the one that was `sent`, or none. */
const CALLS = {
  me: { call: (client) => client.me(), line: "GET /api/user", leaves: "fresh" },
  update: { call: (client) => client.update({ bio: "x" }), line: "PATCH /api/user", leaves: "fresh" },
  deactivate: { call: (client) => client.deactivate(), line: "DELETE /api/user" },
  logout: { call: (client) => client.logout(), line: "POST /api/users/logout?scope=local", endsItself: true },
  "logout everywhere": { call: (client) => client.logout("all"), line: "POST /api/users/logout?scope=all" },
  sessions: {
    call: (client) => client.sessions(),
    line: "GET /api/user/sessions",
    leaves: "sent",
    response: [200, { sessions: [], more: false }],
  },
  "the end of this session": {
    call: (client) => client.endSession("one"),
    line: "DELETE /api/user/sessions/one",
    endsItself: true,
  },
  "the end of another session": {
    call: (client) => client.endSession("another"),
    line: "DELETE /api/user/sessions/another",
    leaves: "sent",
  },
};

describe("the client, whatever the order of responses", () => {
  for (const [name, late, stays] of [
    ["of an earlier second", token({ iat: 101 }), token({ iat: 102 })],
    ["from before a new password, of the same second", old, newer],
    ["from before a new password, of a machine whose clock is ahead", token({ iat: 102 }), token({ ver: 1, iat: 101 })],
  ]) {
    test(`a token ${name} replaces no newer one`, async () => {
      const { tabs, stored, request } = startTabs(old);
      const first = tabs[0].me();
      const slow = await request();
      const second = tabs[1].update(PASSWORDS);
      (await request()).respond(200, userWith(stays));
      await second;
      assert.equal(stored(), stays);
      slow.respond(200, userWith(late));
      await first;
      assert.equal(stored(), stays);
    });
  }

  test("a token of the same age, or without a session, is replaced", async () => {
    const foreign = `e30.${Buffer.from('{"id":1,"exp":160,"iat":900,"ver":9}').toString("base64url")}.signature`;
    for (const before of [`${old}2`, foreign]) {
      const { tabs, stored, request } = startTabs(before);
      const me = tabs[0].me();
      (await request()).respond(200, userWith(old));
      await me;
      assert.equal(stored(), old);
    }
  });

  for (const [name, { call, line, leaves, response = [204], endsItself = false }] of Object.entries(CALLS)) {
    test(`${name}: repeated with the token that another tab has stored`, async () => {
      const { tabs, stored, request, isIdle } = startTabs(old);
      const change = tabs[0].update(PASSWORDS);
      const changing = await request();
      const call_ = call(tabs[1]);
      const first = await request();
      changing.respond(200, userWith(newer));
      await change;
      first.respond(401, ENDED);
      const second = await request();
      assert.deepEqual([second.line, second.body, first.token, second.token], [line, first.body, old, newer]);
      const fresh = token({ ver: 1, iat: 101 });
      second.respond(...(leaves === "fresh" ? [200, userWith(fresh)] : response));
      await call_;
      assert.equal(stored(), { fresh, sent: newer }[leaves] ?? null);
      assert.ok(await isIdle());
    });

    test(`${name}: repeated only once, and only then is the session cleared`, async () => {
      const { tabs, stored, store, request, isIdle } = startTabs(old);
      const outcome = call(tabs[1]).then(
        () => undefined,
        (error) => error,
      );
      const first = await request();
      store(newer);
      first.respond(401, ENDED);
      const second = await request();
      assert.equal(stored(), newer);
      second.respond(401, ENDED);
      const error = await outcome;
      assert.equal(error?.status, endsItself ? undefined : 401); // it has nothing left to end
      assert.equal(stored(), null);
      assert.ok(await isIdle());
    });

    test(`${name}: not repeated for who has logged in since`, async () => {
      const bob = token({ sid: "two" });
      const { tabs, stored, store, request, isIdle } = startTabs(old);
      const outcome = call(tabs[1]).then(
        () => undefined,
        (error) => error,
      );
      const first = await request();
      store(bob);
      first.respond(401, ENDED);
      assert.equal((await outcome)?.status, endsItself ? undefined : 401);
      assert.equal(stored(), bob);
      assert.ok(await isIdle());
    });
  }

  test("without a newer token a 401 is final", async () => {
    const { tabs, stored, request, isIdle } = startTabs(old);
    const error = rejected(tabs[0].me());
    (await request()).respond(401, ENDED);
    assert.equal((await error).status, 401);
    assert.equal(stored(), null);
    assert.ok(await isIdle());
  });

  test("a third token outlives two refusals, and a logout has not ended it", async () => {
    const { tabs, stored, store, request } = startTabs(old);
    const error = rejected(tabs[0].logout());
    const first = await request();
    store(newer);
    first.respond(401, ENDED);
    const second = await request();
    const third = token({ ver: 2 });
    store(third);
    second.respond(401, ENDED);
    assert.equal((await error).status, 401);
    assert.equal(stored(), third);
  });

  test("a connection that fails at the repeat keeps the session", async () => {
    const { tabs, stored, store, request } = startTabs(old);
    const error = rejected(tabs[0].me());
    const first = await request();
    store(newer);
    first.respond(401, ENDED);
    (await request()).fail();
    assert.ok((await error) instanceof ConnectionError);
    assert.equal(stored(), newer);
  });

  test("a 401 that overtakes the response to a new password waits for that", async () => {
    const { tabs, stored, request } = startTabs(old);
    const change = tabs[0].update(PASSWORDS);
    const changing = await request();
    const me = tabs[0].me();
    (await request()).respond(401, ENDED);
    await settle();
    assert.equal(stored(), old);
    changing.respond(200, userWith(newer));
    await change;
    const repeated = await request();
    assert.equal(repeated.token, newer);
    repeated.respond(200, userWith(newer));
    await me;
    assert.equal(stored(), newer);
  });

  test("of two new passwords at once, the one that is refused is set with the token of the other", async () => {
    const { tabs, stored, request } = startTabs(old);
    const [first, second] = [tabs[0].update(PASSWORDS), tabs[0].update(PASSWORDS)];
    const changing = await request();
    (await request()).respond(401, ENDED);
    await settle();
    changing.respond(200, userWith(newer));
    await first;
    const repeated = await request();
    assert.equal(repeated.token, newer);
    const newest = token({ ver: 2 });
    repeated.respond(200, userWith(newest));
    assert.equal((await second).token, newest);
    assert.equal(stored(), newest);
  });

  test("a new password that fails, too, leaves the 401 as it is", async () => {
    const { tabs, stored, request, isIdle } = startTabs(old);
    const change = rejected(tabs[0].update(PASSWORDS));
    const changing = await request();
    const me = rejected(tabs[0].me());
    (await request()).respond(401, ENDED);
    changing.fail();
    assert.ok((await change) instanceof ConnectionError);
    assert.equal((await me).status, 401);
    assert.equal(stored(), null);
    assert.ok(await isIdle());
  });

  test("a login and a registration are never repeated", async () => {
    for (const call of ["login", "register"]) {
      const { tabs, stored, store, request, isIdle } = startTabs(old);
      const error = rejected(tabs[0][call]({ email: "jake@example.com", password: "guess" }));
      const only = await request();
      assert.equal(only.token, null);
      store(newer);
      only.respond(401, { errors: { credentials: ["invalid"] } });
      assert.equal((await error).message, "credentials invalid.");
      assert.equal(stored(), newer);
      assert.ok(await isIdle());
    }
  });

  test("after the other sessions have ended, a fresh token takes the place of the last", async () => {
    const { tabs, stored, request, isIdle } = startTabs(old);
    const logout = tabs[0].logout("others");
    const ending = await request();
    assert.equal(ending.line, "POST /api/users/logout?scope=others");
    ending.respond(204);
    const reading = await request();
    assert.deepEqual([reading.line, reading.token], ["GET /api/user", old]);
    reading.respond(200, userWith(newer));
    await logout;
    assert.equal(stored(), newer);
    assert.ok(await isIdle());
  });

  test("they have ended even if no fresh token can be had", async () => {
    for (const answer of ["fail", "respond"]) {
      const { tabs, stored, request } = startTabs(old);
      const logout = tabs[0].logout("others");
      (await request()).respond(204);
      (await request())[answer](503);
      await logout;
      assert.equal(stored(), old);
    }
    const { tabs, request, isIdle } = startTabs(old);
    const error = rejected(tabs[0].logout("others"));
    (await request()).respond(503);
    assert.equal((await error).status, 503);
    assert.ok(await isIdle());
  });

  test("a timeout and a limit are errors like others", async () => {
    for (const [status, body, headers, message, retryAfter] of [
      [408, { user: { detail: "Request body timed out." } }, {}, "Request body timed out.", undefined],
      [408, { errors: { body: ["timed out"] } }, {}, "body timed out.", undefined],
      [
        429,
        { errors: { requests: ["are throttled; retry in 42 seconds"] } },
        { "Retry-After": "42" },
        "requests are throttled; retry in 42 seconds.",
        42,
      ],
    ]) {
      const { tabs, stored, request, isIdle } = startTabs(old);
      const error = rejected(tabs[0].update({ bio: "x" }));
      (await request()).respond(status, body, headers);
      const { fields, ...rest } = await error;
      assert.ok((await error) instanceof ApiError);
      assert.deepEqual(
        [(await error).message, rest.status, rest.retryAfter, fields],
        [message, status, retryAfter, {}],
      );
      assert.equal(stored(), old);
      assert.ok(await isIdle());
    }
  });

  test("a wrong current password is an error of its field, and keeps the session", async () => {
    for (const [status, text] of [
      [400, "Invalid password."],
      [422, "is invalid"],
    ]) {
      const { tabs, stored, request } = startTabs(old);
      const error = rejected(tabs[0].update(PASSWORDS));
      const only = await request();
      assert.deepEqual(only.body, { user: PASSWORDS });
      only.respond(status, { errors: { current_password: [text] } });
      assert.deepEqual((await error).fields, { current_password: [text] });
      assert.equal(stored(), old);
    }
  });
});
