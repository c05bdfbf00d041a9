// Storages that hold what is no token, and that throw.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StorageError } from "latchkey-client";
import { ENDED, PASSWORDS, rejected, startTabs, token, userWith } from "./tabs.mjs";

const old = token();
const newer = token({ iat: 101 });

describe("a stored text that no header can hold", () => {
  for (const text of ["", "two words", "line\nbreak", `${old}\r\n`, "schlüssel", "🔑", "\0"]) {
    test(`${JSON.stringify(text)} is forgotten, and a request goes without it`, async () => {
      const { tabs, stored, request } = startTabs(text);
      const me = rejected(tabs[0].me());
      const only = await request();
      assert.equal(only.token, null);
      only.respond(401, ENDED);
      assert.equal((await me).status, 401);
      assert.equal(stored(), null);
    });
  }

  test("there is nothing to log out of", async () => {
    const { tabs, stored, request } = startTabs("line\nbreak");
    const logout = tabs[0].logout();
    (await request()).respond(401, ENDED);
    await logout;
    assert.equal(stored(), null);
  });

  test("a storage may have `undefined` for no token", async () => {
    const { tabs, request } = startTabs(null, { get: () => undefined, set: () => {} });
    assert.equal(await tabs[0].token(), null);
    const me = rejected(tabs[0].me());
    const only = await request();
    assert.equal(only.token, null);
    only.respond(401, ENDED);
    await me;
  });
});

describe("a storage that throws", () => {
  const full = new Error("QuotaExceededError");
  const throws = () => {
    throw full;
  };
  const CALLS = {
    register: [(client) => client.register({ username: "jake" }), [201, userWith(newer)], "store"],
    login: [(client) => client.login({ email: "jake@example.com" }), [200, userWith(newer)], "store"],
    me: [(client) => client.me(), [200, userWith(newer)], "store"],
    update: [(client) => client.update(PASSWORDS), [200, userWith(newer)], "store"],
    logout: [(client) => client.logout(), [204], "clear"],
    deactivate: [(client) => client.deactivate(), [204], "clear"],
    "a refused token": [(client) => client.me(), [401, ENDED], "clear"],
  };

  for (const [name, [call, response, action]] of Object.entries(CALLS)) {
    test(`${name}: reported once the API has done its work`, async () => {
      for (const set of [throws, () => Promise.reject(full)]) {
        const { tabs, request, isIdle } = startTabs(old, { get: () => old, set });
        const error = rejected(call(tabs[0]));
        (await request()).respond(...response);
        assert.ok((await error) instanceof StorageError);
        const { name, message, cause } = await error;
        assert.deepEqual([name, (await error).action, cause], ["StorageError", action, full]);
        assert.match(message, new RegExp(`could not be ${action}`));
        assert.ok(await isIdle());
      }
    });
  }

  test("without the token nothing is asked of the API, and a login needs none", async () => {
    const { tabs, request, isIdle } = startTabs(null, { get: throws, set: () => {} });
    for (const call of [() => tabs[0].me(), () => tabs[0].logout(), () => tabs[0].token()]) {
      const error = await rejected(call());
      assert.ok(error instanceof StorageError);
      assert.deepEqual([error.action, error.message], ["read", "The token could not be read from its storage."]);
      assert.ok(await isIdle());
    }
    const login = tabs[0].login({ email: "jake@example.com" });
    (await request()).respond(200, userWith(old));
    assert.equal((await login).username, "jake");
  });

  test("the next call finds it working again", async () => {
    let set = throws;
    let stored = null;
    const { tabs, request } = startTabs(null, { get: () => stored, set: (token) => set(token) });
    const failed = rejected(tabs[0].login({}));
    (await request()).respond(200, userWith(old));
    await failed;
    set = (token) => void (stored = token);
    const login = tabs[0].login({});
    (await request()).respond(200, userWith(old));
    await login;
    assert.equal(stored, old);
  });
});
