// Sessions that begin and end, as listeners hear of them. (In another tab: tests/browser/origin.test.mjs.)

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Latchkey, webStorage } from "latchkey-client";
import { ENDED, rejected, settle, startTabs, token, userWith } from "./tabs.mjs";

const old = token();
const newer = token({ iat: 101 });
const bob = token({ sid: "two" });

describe("the event of a session", () => {
  /** Tabs as `startTabs` has them, with the changes that each has heard of. */
  function startListening(...options) {
    const all = startTabs(...options);
    const heard = [[], []];
    const stop = all.tabs.map((tab, index) => tab.onSessionChange((change) => heard[index].push(change)));
    return { ...all, heard, stop };
  }

  test("a session that began and ended is told once, and its fresh tokens are not", async () => {
    const { tabs, heard, request } = startListening(null);
    const calls = [
      [() => tabs[0].login({}), [200, userWith(old)], ["began"]],
      [() => tabs[0].me(), [200, userWith(newer)], ["began"]],
      [() => tabs[0].register({}), [201, userWith(bob)], ["began", "began"]],
      [() => tabs[0].logout(), [204], ["began", "began", "ended"]],
    ];
    for (const [call, response, changes] of calls) {
      const done = call();
      (await request()).respond(...response);
      await done;
      assert.deepEqual(heard[0], changes);
    }
    await tabs[0].clearToken(); // there is none
    await settle();
    assert.deepEqual(heard[0], ["began", "began", "ended"]);
  });

  test("one that is there from the beginning is no change; its end is, however it comes", async () => {
    const ends = {
      clearToken: (tab) => tab.clearToken(),
      deactivate: async (tab, request) => {
        const done = tab.deactivate();
        (await request()).respond(204);
        await done;
      },
      "a refused token": async (tab, request) => {
        const done = rejected(tab.me());
        (await request()).respond(401, ENDED);
        await done;
      },
      "a storage that was cleared": (tab, _, store) => {
        store(null);
        return tab.token();
      },
      "a storage that was spoilt": (tab, _, store) => {
        store("line\nbreak");
        return tab.token();
      },
    };
    for (const [name, end] of Object.entries(ends)) {
      const { tabs, heard, request, store } = startListening(old);
      await settle();
      assert.deepEqual(heard[0], [], name);
      await end(tabs[0], request, store);
      await settle();
      assert.deepEqual(heard[0], ["ended"], name);
    }
  });

  test("a token of another library, and the API's first for it, are of one session", async () => {
    const foreign = token({ sid: null });
    const { tabs, stored, heard, request } = startListening(foreign);
    const [me, logout] = [tabs[0].me(), tabs[0].logout()];
    const [reading, ending] = [await request(), await request()];
    reading.respond(200, userWith(newer));
    await me;
    assert.equal(stored(), newer);
    ending.respond(204);
    await logout;
    assert.equal(stored(), null);
    assert.deepEqual(heard[0], ["ended"]);
  });

  test("a change that could not be stored is none", async () => {
    const { tabs, heard, request } = startListening(null, {
      get: () => null,
      set: () => Promise.reject(new Error("no")),
    });
    const login = rejected(tabs[0].login({}));
    (await request()).respond(200, userWith(old));
    await login;
    await settle();
    assert.deepEqual(heard[0], []);
  });

  test("a session that began before the storage could be read is told of", async () => {
    const { tabs, heard, request } = startListening(null, {
      get: () => Promise.reject(new Error("no")),
      set: () => {},
    });
    await settle();
    const login = tabs[0].login({});
    (await request()).respond(200, userWith(old));
    await login;
    assert.deepEqual(heard[0], ["began"]);
  });

  test("a listener uses the client, hears nothing once it has left, and may be there twice", async () => {
    const { tabs, stop, heard, store } = startListening(old);
    const tokens = [];
    const listener = async () => tokens.push(await tabs[0].token());
    const leave = [tabs[0].onSessionChange(listener), tabs[0].onSessionChange(listener)];
    await settle();
    store(bob);
    await tabs[0].token();
    await settle();
    assert.deepEqual([tokens, heard[0]], [[bob, bob], ["began"]]);
    leave[0]();
    stop[0]();
    await tabs[0].clearToken();
    await settle();
    assert.deepEqual([tokens, heard[0]], [[bob, bob, null], ["began"]]);
  });

  test("a listener that another one takes away hears nothing more", async () => {
    const { tabs, heard, stop } = startListening(old);
    const leave = tabs[0].onSessionChange(() => late());
    const late = tabs[0].onSessionChange(() => assert.fail("it has left"));
    await tabs[0].clearToken();
    await settle();
    assert.deepEqual(heard[0], ["ended"]);
    leave();
    stop[0]();
  });

  test("the storage is watched while anyone listens", async () => {
    const watching = new Set();
    let stored = old;
    const onChange = (listener) => {
      watching.add(listener);
      return () => watching.delete(listener);
    };
    const storage = { get: () => stored, set: (token) => void (stored = token), onChange };
    const client = new Latchkey("", { storage });
    assert.equal(watching.size, 0);
    const heard = [];
    const stop = [client.onSessionChange((change) => heard.push(change)), client.onSessionChange(() => {})];
    assert.equal(watching.size, 1);
    await settle();
    for (const next of [newer, null, bob]) {
      stored = next;
      for (const listener of watching) {
        listener();
      }
      await settle();
    }
    assert.deepEqual(heard, ["ended", "began"]);
    stop[0]();
    assert.equal(watching.size, 1);
    stop[1]();
    assert.equal(watching.size, 0);
  });

  test("a runtime without events of storages does without", () => {
    const storage = webStorage({ getItem: async () => null, setItem: async () => {}, removeItem: async () => {} });
    const stop = new Latchkey("", { storage }).onSessionChange(() => {});
    assert.equal(stop(), undefined);
  });
});
