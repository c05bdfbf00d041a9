// Passkeys on the account page, with virtual authenticators.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { before, test } from "node:test";
import {
  button,
  choose,
  field,
  fieldError,
  focused,
  logIn,
  logOut,
  newUser,
  PASSWORD,
  says,
  signUp,
  storedToken,
  view,
  warns,
} from "./account.mjs";
import { ageProof } from "./age.mjs";
import { app, authenticator, byName, CREDENTIAL_VARS, readQr, SECURITY_KEY, TOUCHED_KEY } from "./authenticator.mjs";
import { describeInBrowser } from "./browser.mjs";

const CODE = "Code from the app";
const CANCELLED = "Your browser gave no passkey: it was cancelled, took too long, or there is none for this site.";

describeInBrowser("passkeys", ({ open, startWorker }) => {
  let url;
  let realworld;
  before(async () => {
    const [django, other] = await Promise.all([
      startWorker(CREDENTIAL_VARS),
      startWorker({ ...CREDENTIAL_VARS, API_DIALECT: "realworld" }),
    ]);
    url = byName(django.url);
    realworld = byName(other.url);
  });

  const section = (page) => page.getByRole("region", { name: "Passkeys" });
  const rows = (page) => section(page).getByRole("listitem");

  /** Keeps note of what the page asks the browser for; without autofill, if that is to stay out of the way. */
  const watch = (page, { hasAutofill = true } = {}) =>
    page.addInitScript((hasAutofill) => {
      globalThis.asked = [];
      const get = navigator.credentials.get.bind(navigator.credentials);
      navigator.credentials.get = (options) => {
        globalThis.asked.push(options.mediation ?? "button");
        return get(options);
      };
      if (!hasAutofill) {
        PublicKeyCredential.isConditionalMediationAvailable = async () => false;
      }
    }, hasAutofill);
  const hasAsked = (page, mediation) => page.waitForFunction((last) => globalThis.asked.at(-1) === last, mediation);
  const methodsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url")).amr;

  async function opened(address, options) {
    const page = await open("about:blank");
    await watch(page, options);
    await page.goto(address);
    return page;
  }

  async function addPasskey(page, name) {
    await field(page, "Name of a new passkey").fill(name);
    await button(page, "Add a passkey").click();
    await says(page, `The passkey ${name} is added.`);
  }

  async function setUpApp(page) {
    await button(page, "Set up").click();
    const phone = app(await readQr(page, page.getByRole("img", { name: "QR code for your authenticator app" })));
    await field(page, CODE).fill(phone.code());
    await button(page, "Turn on").click();
    await button(page, "I have kept them").click();
    return phone;
  }

  /** A page of a user with a passkey of this device, who is logged in. */
  async function withPasskey({ address = url, hasAutofill = false, options = {} } = {}) {
    const page = await opened(address, { hasAutofill });
    const device = await authenticator(page, options);
    const user = newUser();
    await signUp(page, user);
    await addPasskey(page, "Phone");
    return { page, device, user };
  }

  test("a user adds one, logs in with it by the button, renames and removes it", async () => {
    for (const address of [url, realworld]) {
      const page = await opened(address, { hasAutofill: false });
      await authenticator(page);
      await signUp(page, newUser());
      await section(page).getByText("You have none.").waitFor();
      await button(page, "Add a passkey").click();
      await fieldError(page, "Name of a new passkey", "Enter a name.");
      await addPasskey(page, "Phone");
      assert.equal(await field(page, "Name of a new passkey").inputValue(), "");
      await rows(page).getByText("Added today, not used yet").waitFor();
      assert.equal(await section(page).getByText("You have none.").isVisible(), false);

      // The same device holds one of each user.
      await field(page, "Name of a new passkey").fill("Again");
      await button(page, "Add a passkey").click();
      await warns(page, "This device has a passkey for your account already.");

      await logOut(page);
      await button(page, "Log in with a passkey").click();
      await view(page, "Your account");
      assert.deepEqual(methodsOf(await storedToken(page)), ["swk", "user", "mfa"]);
      await rows(page).getByText("Added today, last used today").waitFor();

      await button(page, "Rename the passkey Phone").click();
      await focused(page, field(page, "New name"));
      assert.equal(await button(page, "Remove the passkey Phone").count(), 0);
      await field(page, "New name").fill("");
      await page.keyboard.press("Enter");
      await fieldError(page, "New name", "Enter a name.");
      await page.keyboard.type("Old phone");
      await page.keyboard.press("Enter");
      await focused(page, button(page, "Rename the passkey Old phone"));
      await page.keyboard.press("Enter");
      await field(page, "New name").fill("x");
      await button(page, "Cancel").click();
      await rows(page).getByText("Old phone").waitFor();

      await button(page, "Remove the passkey Old phone").click();
      await page.getByText("You can’t log in with Old phone any more.").waitFor();
      await choose(page, "Remove this passkey?", "Keep it");
      await button(page, "Remove the passkey Old phone").click();
      await choose(page, "Remove this passkey?", "Remove");
      await says(page, "The passkey Old phone is removed.");
      await focused(page, page.getByRole("heading", { name: "Passkeys" }));
      await section(page).getByText("You have none.").waitFor();
    }
  });

  test("a user logs in by autofill, at the field for the email", async () => {
    const { page, device } = await withPasskey({ hasAutofill: true });
    await device.attend(false);
    await logOut(page);
    const email = field(page, "Email");
    assert.equal(await email.getAttribute("autocomplete"), "username webauthn");
    await hasAsked(page, "conditional");
    await page.waitForTimeout(200);
    await view(page, "Log in");
    await device.attend(true); // as if they chose it, the next time
    await page.reload();
    await view(page, "Your account");
    assert.deepEqual(methodsOf(await storedToken(page)), ["swk", "user", "mfa"]);
  });

  test("the button takes over from a waiting autofill, which goes on when it is cancelled", async () => {
    const { page, device } = await withPasskey({ hasAutofill: true });
    await device.attend(false);
    await logOut(page);
    await hasAsked(page, "conditional");
    await page.evaluate(() => (globalThis.asked = []));
    await device.attend(true);
    await device.verify(false);
    await button(page, "Log in with a passkey").click();
    await warns(page, CANCELLED);
    await hasAsked(page, "conditional");
    assert.equal(await page.evaluate(() => globalThis.asked[0]), "button");
    await device.verify(true);
    await button(page, "Log in with a passkey").click();
    await view(page, "Your account");
  });

  test("a view that is left ends its autofill: a passkey can be added after a log-in by password", async () => {
    const page = await opened(url);
    const device = await authenticator(page);
    const user = newUser();
    await signUp(page, user);
    await logOut(page);
    await hasAsked(page, "conditional");
    await logIn(page, user);
    await view(page, "Your account");
    await addPasskey(page, "Phone");
    assert.equal((await device.credentials()).length, 1);
  });

  /** A page of a user whose security key has come to verify no user. */
  async function withTouchedKey() {
    const { page, device, user } = await withPasskey({ options: SECURITY_KEY });
    const [passkey] = await device.credentials();
    await device.remove();
    const key = await authenticator(page, TOUCHED_KEY);
    await key.add(passkey);
    // Chromium takes such a key only where the request names its passkey.
    const id = Buffer.from(passkey.credentialId, "base64").toString("base64url");
    await page.route("**/api/users/methods", async (route) => {
      const response = await route.fetch();
      const { methods } = await response.json();
      methods.passkey.allowCredentials = [{ type: "public-key", id }];
      await route.fulfill({ response, json: { methods } });
    });
    return { page, user };
  }

  test("a security key that verifies no user is one factor: the app's code is asked for", async () => {
    const { page, user } = await withTouchedKey();
    const phone = await setUpApp(page);
    await logOut(page);
    await button(page, "Log in with a passkey").click();
    await view(page, "One more step");
    assert.equal(await button(page, "Use a passkey instead").isVisible(), false);
    await field(page, CODE).fill(phone.code(1));
    await button(page, "Confirm").click();
    await view(page, "Your account");
    assert.deepEqual(methodsOf(await storedToken(page)), ["hwk", "otp", "mfa"]);

    // After the password it is the second.
    await logOut(page);
    await logIn(page, user);
    await button(page, "Use a passkey instead").click();
    await view(page, "Your account");
    assert.deepEqual(methodsOf(await storedToken(page)), ["pwd", "hwk", "mfa"]);
  });

  test("a security key alone logs in who has no app", async () => {
    const { page } = await withTouchedKey();
    await logOut(page);
    await button(page, "Log in with a passkey").click();
    await view(page, "Your account");
    assert.deepEqual(methodsOf(await storedToken(page)), ["hwk"]);
  });

  test("a passkey is the second step after a password, and in the dialog", async () => {
    for (const address of [url, realworld]) {
      const { page, device, user } = await withPasskey({ address });
      await setUpApp(page);
      await logOut(page);
      await logIn(page, user);
      await view(page, "One more step");
      await device.verify(false);
      await button(page, "Use a passkey instead").click();
      await warns(page, CANCELLED);
      await device.verify(true);
      await button(page, "Use a passkey instead").click();
      await view(page, "Your account");
      assert.deepEqual(methodsOf(await storedToken(page)), ["pwd", "swk", "user", "mfa"]);

      const dialog = page.getByRole("dialog", { name: "Is it still you?" });
      const renew = async () => {
        await ageProof(page);
        await button(page, "New recovery codes…").click();
        await choose(page, "Make new recovery codes?", "Make new codes");
        await dialog.waitFor();
      };
      const codes = page.getByRole("heading", { name: "Your recovery codes" });
      await renew();
      await field(dialog, "Password").fill(PASSWORD);
      await button(dialog, "Go on").click();
      await button(dialog, "Use a passkey instead").click();
      await focused(page, codes);
      await renew();
      await button(dialog, "Use a passkey").click(); // which verifies its user: both factors
      await focused(page, codes);
      assert.deepEqual(methodsOf(await storedToken(page)), ["swk", "user", "mfa"]);
    }
  });

  test("a passkey that was removed is unknown, and one with another key is refused", async () => {
    for (const address of [url, realworld]) {
      const { page, device } = await withPasskey({ address });
      const [passkey] = await device.credentials();
      await logOut(page);
      await device.remove();
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const forged = await authenticator(page);
      const der = privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");
      await forged.add({ ...passkey, privateKey: der });
      await button(page, "Log in with a passkey").click();
      await warns(page, "This passkey did not work. Try again, or another way.");
      assert.equal((await forged.credentials()).length, 1);

      await forged.remove();
      const right = await authenticator(page);
      await right.add(passkey);
      await button(page, "Log in with a passkey").click();
      await view(page, "Your account");
      await button(page, "Remove the passkey Phone").click();
      await choose(page, "Remove this passkey?", "Remove");
      await says(page, "The passkey Phone is removed.");
      await logOut(page);
      await page.evaluate(() => {
        globalThis.signalled = [];
        PublicKeyCredential.signalUnknownCredential = async (options) => void globalThis.signalled.push(options);
      });
      await button(page, "Log in with a passkey").click();
      await warns(page, "No account has this passkey any more. Log in with another way.");
      const credentialId = Buffer.from(passkey.credentialId, "base64").toString("base64url");
      assert.deepEqual(await page.evaluate(() => globalThis.signalled), [{ rpId: "localhost", credentialId }]);
    }
  });

  test("one that is not made is not added, and one that is not added is forgotten", async () => {
    const page = await opened(url, { hasAutofill: false });
    const device = await authenticator(page);
    await signUp(page, newUser());
    await device.verify(false);
    await field(page, "Name of a new passkey").fill("Phone");
    await button(page, "Add a passkey").click();
    await warns(page, CANCELLED);
    await section(page).getByText("You have none.").waitFor();
    await device.verify(true);
    await page.evaluate(() => {
      globalThis.signalled = [];
      PublicKeyCredential.signalUnknownCredential = async (options) => void globalThis.signalled.push(options);
    });
    const json = { errors: { credential: ["There are too many."] } };
    await page.route("**/api/user/credentials", (route) =>
      route.request().method() === "POST" ? route.fulfill({ status: 400, json }) : route.continue(),
    );
    await button(page, "Add a passkey").click();
    await warns(page, "You have as many passkeys as there can be. Remove one first.");
    const [{ credentialId }] = await device.credentials();
    assert.deepEqual(await page.evaluate(() => globalThis.signalled), [
      { rpId: "localhost", credentialId: Buffer.from(credentialId, "base64").toString("base64url") },
    ]);
  });

  test("an old proof is renewed before the browser is asked", async () => {
    const { page, device } = await withPasskey();
    await device.remove();
    const other = await authenticator(page, SECURITY_KEY);
    await ageProof(page);
    await field(page, "Name of a new passkey").fill("Key");
    await button(page, "Add a passkey").click();
    const dialog = page.getByRole("dialog", { name: "Is it still you?" });
    await field(dialog, "Password").fill(PASSWORD);
    assert.deepEqual(await other.credentials(), []);
    await button(dialog, "Go on").click();
    await says(page, "The passkey Key is added.");
    assert.equal(await rows(page).count(), 2);
  });

  test("are not offered where the browser or the deployment has none", async () => {
    const { url: without } = await startWorker({ DATA_SECRET: CREDENTIAL_VARS.DATA_SECRET });
    const lacking = await open("about:blank");
    await lacking.addInitScript(() => delete globalThis.PublicKeyCredential);
    await lacking.goto(url);
    for (const page of [await open(byName(without)), lacking]) {
      await signUp(page, newUser());
      await page.getByRole("heading", { name: "Two-step verification" }).waitFor();
      assert.equal(await page.getByRole("heading", { name: "Passkeys" }).count(), 0);
      await logOut(page);
      assert.equal(await button(page, "Log in with a passkey").count(), 0);
    }
  });
});
