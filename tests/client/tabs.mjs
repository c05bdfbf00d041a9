// Clients that share a storage as tabs of a browser do, and responses that arrive in any order.

import assert from "node:assert/strict";
import { Latchkey } from "latchkey-client";

export const ENDED = { user: { detail: "Invalid authentication. Could not decode token." } };
export const PASSWORDS = { current_password: "correct horse", password: "battery staple" };

/** Without a `sid` if that is `null`, as another library makes it. */
export function token({ sid = "one", ver = 0, iat = 100 } = {}) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return [{ alg: "HS256" }, { id: 1, sid: sid ?? undefined, ver, iat, exp: iat + 60 }]
    .map(encode)
    .concat("signature")
    .join(".");
}

export const userWith = (token) => ({
  user: { email: "jake@example.com", username: "jake", bio: null, image: null, token },
});

/** Two tabs that share a storage with a token, and an API that sends the test's responses at the test's time. */
export function startTabs(stored, storage = { get: () => stored, set: (token) => void (stored = token) }) {
  const pending = [];
  const fetch = (url, init) =>
    new Promise((resolve, reject) =>
      pending.push({
        line: `${init.method} ${url}`,
        token: init.headers.get("Authorization")?.slice("Token ".length) ?? null,
        body: init.body === undefined ? undefined : JSON.parse(init.body),
        respond: (status, body, headers) => resolve(new Response(body && JSON.stringify(body), { status, headers })),
        fail: () => reject(new TypeError("Failed to fetch")),
      }),
    );
  return {
    tabs: [new Latchkey("", { storage, fetch }), new Latchkey("", { storage, fetch })],
    stored: () => stored,
    store: (token) => (stored = token),
    /** Takes the oldest pending request. */
    async request() {
      await settle();
      return pending.shift() ?? assert.fail("there is no request");
    },
    async isIdle() {
      await settle();
      return pending.length === 0;
    },
  };
}

/** Runs all pending promise callbacks. */
export async function settle() {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise(setImmediate);
  }
}

export const rejected = (promise) =>
  promise.then(
    () => assert.fail("it was not rejected"),
    (error) => error,
  );
