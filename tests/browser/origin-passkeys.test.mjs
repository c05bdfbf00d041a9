// Passkeys of a front end on another origin, by the client, in browsers with and without WebAuthn's JSON.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newUser } from "./account.mjs";
import { app, authenticator, byName, CREDENTIAL_VARS } from "./authenticator.mjs";
import { describeInBrowser } from "./browser.mjs";
import { startOrigin } from "./origin.mjs";

describeInBrowser("passkeys on another origin", ({ open, startWorker }) => {
  let allowed;
  let other;
  let origin;
  let url;
  before(async () => {
    [allowed, other] = await Promise.all([startOrigin(), startOrigin()]);
    origin = byName(allowed.origin);
    ({ url } = await startWorker({ ...CREDENTIAL_VARS, ALLOWED_ORIGINS: origin }));
  });
  after(() => {
    allowed?.close();
    other?.close();
  });

  async function opened(address = origin, script = () => {}, options = {}) {
    const page = await open("about:blank", options);
    await page.addInitScript(script);
    await page.goto(address);
    await page.waitForFunction(() => globalThis.latchkey);
    return page;
  }

  /** Registers, adds a passkey, and logs in with it, by the button and by autofill. */
  const journey = (page, user) =>
    page.evaluate(
      async ({ url, user }) => {
        const client = new globalThis.latchkey.Latchkey(url);
        await client.register(user);
        const { id, name, type } = await client.addPasskey("Phone");
        const again = await client.addPasskey("Again").catch((error) => [error.name, error.reason]);
        await client.logout();
        const byButton = await client.loginWithPasskey();
        await client.logout();
        const byAutofill = await client.loginWithPasskey({ autofill: true });
        const proved = await client.reauthenticate({ passkey: true });
        const { credentials } = await client.credentials();
        const isRemoved = await client.removeCredential(id);
        return {
          names: [byButton.username, byAutofill.username, proved.username],
          credential: [name, type, credentials.length, credentials[0].used !== null, isRemoved],
          again,
        };
      },
      { url, user },
    );

  const withoutJson = () => {
    delete PublicKeyCredential.parseCreationOptionsFromJSON;
    delete PublicKeyCredential.parseRequestOptionsFromJSON;
    delete PublicKeyCredential.prototype.toJSON;
  };

  for (const [what, script] of [
    ["with the browser's JSON", () => {}],
    ["without it", withoutJson],
  ]) {
    test(`a user adds one and logs in with it, ${what}`, async () => {
      const page = await opened(origin, script);
      await authenticator(page);
      const user = newUser();
      assert.deepEqual(await journey(page, user), {
        names: [user.username, user.username, user.username],
        credential: ["Phone", "passkey", 1, true, true],
        again: ["PasskeyError", "known"],
      });
    });
  }

  test("an autofill ends by its signal, by the button, and by a passkey that is added", async () => {
    const page = await opened();
    const device = await authenticator(page);
    await page.evaluate(() => {
      globalThis.asked = 0;
      const get = navigator.credentials.get.bind(navigator.credentials);
      navigator.credentials.get = (options) => {
        globalThis.asked += 1;
        return get(options);
      };
    });
    await page.evaluate(
      async ({ url, user }) => {
        globalThis.client = new globalThis.latchkey.Latchkey(url);
        await globalThis.client.register(user);
        await globalThis.client.addPasskey("Phone");
      },
      { url, user: newUser() },
    );
    const waiting = async (name) => {
      await device.attend(false);
      const before = await page.evaluate(() => globalThis.asked);
      await page.evaluate((name) => {
        globalThis.controller = new AbortController();
        const { signal } = globalThis.controller;
        const { client } = globalThis;
        globalThis[name] = client.loginWithPasskey({ autofill: true, signal }).catch((error) => error.name);
      }, name);
      await page.waitForFunction((before) => globalThis.asked > before, before);
      await device.attend(true);
    };
    const resultOf = (name) => page.evaluate((name) => globalThis[name], name);

    await waiting("bySignal");
    await page.evaluate(() => globalThis.controller.abort());
    assert.equal(await resultOf("bySignal"), "AbortError");

    await waiting("byButton");
    assert.ok(await page.evaluate(async () => (await globalThis.client.loginWithPasskey()).token));
    assert.equal(await resultOf("byButton"), "AbortError");

    await waiting("byAnother");
    await page.evaluate(async () => {
      await globalThis.client.addPasskey("x").catch(() => {});
    });
    assert.equal(await resultOf("byAnother"), "AbortError");
  });

  test("an app is the second step there too", async () => {
    const page = await opened();
    await authenticator(page);
    const user = newUser();
    const { id, uri } = await page.evaluate(
      async ({ url, user }) => {
        globalThis.client = new globalThis.latchkey.Latchkey(url);
        await globalThis.client.register(user);
        return globalThis.client.addTotp();
      },
      { url, user },
    );
    const seen = await page.evaluate(
      async ({ id, code, next, user: { email, password } }) => {
        const { client } = globalThis;
        await client.confirmTotp(id, code);
        await client.addPasskey("Phone");
        await client.logout();
        const step = await client.login({ email, password });
        const byCode = await client.takeSecondStep(step, { code: next });
        const again = await client.takeSecondStep(await client.login({ email, password }), { passkey: true });
        return [step.factor.types, byCode.email, again.email];
      },
      { id, code: app(uri).code(), next: app(uri).code(1), user },
    );
    assert.deepEqual(seen, [["totp", "recovery", "passkey"], user.email, user.email]);
  });

  test("one that is not allowed can't use them", async () => {
    const page = await opened(byName(other.origin), () => {}, { expects: "blocked by CORS policy" });
    await authenticator(page);
    const name = await page.evaluate(
      (url) => new globalThis.latchkey.Latchkey(url).loginWithPasskey().catch((error) => error.name),
      url,
    );
    assert.equal(name, "ConnectionError");
  });

  test("a page that is no domain of the deployment's is told so", async () => {
    const { url: elsewhere } = await startWorker({ ...CREDENTIAL_VARS, ALLOWED_ORIGINS: allowed.origin });
    const page = await opened(allowed.origin);
    await authenticator(page);
    const reason = await page.evaluate(
      (url) => new globalThis.latchkey.Latchkey(url).loginWithPasskey().catch((error) => error.reason),
      elsewhere,
    );
    assert.equal(reason, "unavailable");
  });
});
