// Two-step verification on the account page: an authenticator app, and recovery codes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import {
  button,
  choose,
  field,
  fieldError,
  focused,
  link,
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
import { app, CREDENTIAL_VARS, readQr } from "./authenticator.mjs";
import { describeInBrowser } from "./browser.mjs";
import { MAIL_VARS } from "./mailbox.mjs";

const CODE = "Code from the app";
const WRONG = "This code is wrong, or was used before. Apps show a new one every half minute.";

describeInBrowser("two-step verification", ({ open, startWorker }) => {
  let url;
  let realworld;
  before(async () => {
    ({ url } = await startWorker(CREDENTIAL_VARS));
    ({ url: realworld } = await startWorker({ ...CREDENTIAL_VARS, API_DIALECT: "realworld" }));
  });

  const section = (page) => page.getByRole("region", { name: "Two-step verification" });
  const codesOf = (page) => section(page).getByRole("listitem").allInnerTexts();

  /** Sets an app up, and gives it, with the recovery codes, which are still shown. */
  async function setUp(page) {
    await button(page, "Set up").click();
    await focused(page, page.getByRole("heading", { name: "Add your account to an app" }));
    const phone = app(await readQr(page, page.getByRole("img", { name: "QR code for your authenticator app" })));
    await field(page, CODE).fill(phone.code());
    await button(page, "Turn on").click();
    await focused(page, page.getByRole("heading", { name: "Your recovery codes" }));
    await section(page).getByText("You have 8 recovery codes left.").waitFor();
    return { phone, codes: await codesOf(page) };
  }

  /** A page of a user with an app, who has logged out. */
  async function loggedOut(address = url, options = {}) {
    const page = await open(address, options);
    const user = newUser();
    await signUp(page, user);
    const { phone, codes } = await setUp(page);
    await button(page, "I have kept them").click();
    await logOut(page);
    return { page, user, phone, codes };
  }

  test("a user sets an app up, and logs in with its code, and with a recovery code once", async () => {
    for (const address of [url, realworld]) {
      const page = await open(address);
      const user = newUser();
      await signUp(page, user);
      await section(page).getByText("It is off.").waitFor();
      const elsewhere = await open(address);
      await logIn(elsewhere, user);
      await view(elsewhere, "Your account");

      const { phone, codes } = await setUp(page);
      assert.deepEqual([phone.totp.issuer, phone.totp.label], ["Latchkey", user.email]);
      assert.equal(codes.length, 8);
      await section(page).getByText("It is on, since today.").waitFor();
      await button(page, "I have kept them").click();
      await focused(page, page.getByRole("heading", { name: "Two-step verification" }));
      assert.deepEqual(await codesOf(page), []);
      await elsewhere.getByLabel("Bio").fill("x");
      await button(elsewhere, "Save profile").click();
      await says(elsewhere, "Your session has ended. Please log in again.");

      await logOut(page);
      await logIn(page, user);
      await view(page, "One more step");
      assert.equal(await storedToken(page), null);
      const input = field(page, CODE);
      await focused(page, input);
      assert.equal(await input.getAttribute("autocomplete"), "one-time-code");
      assert.equal(await input.getAttribute("inputmode"), "numeric");
      await page.keyboard.press("Enter");
      await fieldError(page, CODE, "Enter the code.");
      await input.fill(phone.code()); // with which it was set up
      await page.keyboard.press("Enter");
      await fieldError(page, CODE, WRONG);
      await input.fill(phone.code(1).replace(/^.../, "$& "));
      await page.keyboard.press("Enter");
      await view(page, "Your account");

      await logOut(page);
      await logIn(page, user);
      await button(page, "Use a recovery code instead").click();
      await focused(page, field(page, "Recovery code"));
      await page.keyboard.type(codes[3].toLowerCase());
      await page.keyboard.press("Enter");
      await view(page, "Your account");
      await section(page).getByText("You have 7 recovery codes left.").waitFor();

      await logOut(page);
      await logIn(page, user);
      await button(page, "Use a recovery code instead").click();
      await field(page, "Recovery code").fill(codes[3]);
      await button(page, "Confirm").click();
      await fieldError(page, "Recovery code", WRONG);
      await button(page, "Use your app instead").click();
      await focused(page, field(page, CODE));
      assert.equal(await page.locator("[aria-invalid=true]").count(), 0);
      await page.getByText("Lost the app and the codes?").click();
      await page.getByText("Ask those who run this site.").waitFor();
      await link(page, "Back to the log-in").click();
      await view(page, "Log in");
    }
  });

  test("it can be turned off, and new recovery codes made", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    const { codes } = await setUp(page);
    await button(page, "New recovery codes…").click();
    await choose(page, "Make new recovery codes?", "Make new codes");
    await section(page).getByText(codes[0]).waitFor({ state: "detached" });
    await focused(page, page.getByRole("heading", { name: "Your recovery codes" }));
    const fresh = await codesOf(page);
    assert.equal(new Set([...codes, ...fresh]).size, 16);

    await button(page, "Turn off…").click();
    await choose(page, "Turn off two-step verification?", "Leave it on");
    await button(page, "Turn off…").click();
    await choose(page, "Turn off two-step verification?", "Turn off");
    await section(page).getByText("It is off.").waitFor();
    await focused(page, page.getByRole("heading", { name: "Two-step verification" }));
    assert.deepEqual(await codesOf(page), []);
    await logOut(page);
    await logIn(page, user);
    await view(page, "Your account");
  });

  test("recovery codes can be copied, downloaded, and printed alone", async () => {
    const page = await open(url, { permissions: ["clipboard-read", "clipboard-write"] });
    const user = newUser();
    await signUp(page, user);
    const { codes } = await setUp(page);
    await button(page, "Copy").click();
    await says(page, "Copied.");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), codes.join("\n"));

    const downloading = page.waitForEvent("download");
    await button(page, "Download").click();
    const download = await downloading;
    assert.equal(download.suggestedFilename(), "recovery-codes.txt");
    const text = readFileSync(await download.path(), "utf8");
    assert.equal(text, `Recovery codes of Latchkey for ${user.email}. Each works once.\n\n${codes.join("\n")}\n`);

    await page.evaluate(() => (globalThis.print = () => (globalThis.printed = document.body.innerText)));
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => document.getElementById("print-codes").click());
    const printed = await page.evaluate(() => globalThis.printed);
    for (const code of codes) {
      assert.ok(printed.includes(code), printed);
    }
    for (const other of [user.email, "Profile", "Log out", "I have kept them", "API reference"]) {
      assert.ok(!printed.includes(other), `${other}: ${printed}`);
    }
  });

  test("the key can be typed instead, and the set-up left", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    await button(page, "Set up").click();
    const uri = await link(page, "Open it in an app on this device").getAttribute("href");
    const key = await page.locator("#totp-secret").innerText();
    assert.match(key, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
    assert.equal(app(uri).totp.secret.base32, key.replaceAll(" ", ""));
    await field(page, CODE).fill("000 000");
    await button(page, "Turn on").click();
    await fieldError(page, CODE, WRONG);
    await button(page, "Cancel").click();
    await focused(page, button(page, "Set up"));
    assert.equal(await page.getByText(key).count(), 0);
    const other = await setUp(page);
    assert.notEqual(other.phone.totp.secret.base32, app(uri).totp.secret.base32);
  });

  test("too many wrong codes begin the log-in again", async () => {
    const { page, user, phone } = await loggedOut();
    await logIn(page, user);
    for (let tries = 0; tries < 6; tries += 1) {
      await field(page, CODE).fill("nonsense");
      const answer = page.waitForResponse("**/api/users/login");
      await button(page, "Confirm").click();
      await (await answer).finished();
    }
    await says(page, "That took too long, or there were too many wrong codes. Please begin again.");
    await view(page, "Log in");
    await logIn(page, user);
    await field(page, CODE).fill(phone.code(1));
    await button(page, "Confirm").click();
    await view(page, "Your account");
  });

  test("a proof that is too old is renewed in the dialog, with its second step", async () => {
    const { page, user, codes } = await loggedOut();
    await logIn(page, user);
    await button(page, "Use a recovery code instead").click();
    await field(page, "Recovery code").fill(codes[0]);
    await button(page, "Confirm").click();
    await view(page, "Your account");
    await ageProof(page);
    await button(page, "New recovery codes…").click();
    await choose(page, "Make new recovery codes?", "Make new codes");
    const dialog = page.getByRole("dialog", { name: "Is it still you?" });
    await focused(page, field(dialog, "Password"));
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await focused(page, field(dialog, CODE));
    await page.keyboard.press("Escape");
    await warns(page, "Nothing was changed.");

    // It begins with the password each time.
    await button(page, "New recovery codes…").click();
    await choose(page, "Make new recovery codes?", "Make new codes");
    assert.equal(await field(dialog, CODE).count(), 0);
    await field(dialog, "Password").fill(PASSWORD);
    await button(dialog, "Go on").click();
    await button(dialog, "Use a recovery code instead").click();
    await field(dialog, "Recovery code").fill(codes[0]);
    await button(dialog, "Confirm").click();
    await fieldError(dialog, "Recovery code", WRONG);
    await field(dialog, "Recovery code").fill(codes[1]);
    await button(dialog, "Confirm").click();
    await focused(page, page.getByRole("heading", { name: "Your recovery codes" }));
    assert.equal((await codesOf(page)).length, 8);
  });

  test("is not shown where the deployment has none", async () => {
    const { url: plain } = await startWorker({});
    const page = await open(plain);
    const answer = page.waitForResponse("**/api/user/credentials");
    await signUp(page, newUser());
    await (await answer).finished();
    for (const name of ["Two-step verification", "Passkeys"]) {
      assert.equal(await page.getByRole("heading", { name }).count(), 0);
    }
  });

  test("where mail is on, it may be missing, and else waits for a confirmed email", async () => {
    for (const API_DIALECT of ["django", "realworld"]) {
      const { url: mailOnly } = await startWorker({ ...MAIL_VARS, API_DIALECT });
      const without = await open(mailOnly);
      await signUp(without, newUser());
      await button(without, "Set up").click();
      await section(without).getByText("This site has no two-step verification.").waitFor();
      await focused(without, without.getByRole("heading", { name: "Two-step verification" }));
      assert.equal(await button(without, "Set up").count(), 0);

      const { url: both } = await startWorker({ ...MAIL_VARS, ...CREDENTIAL_VARS, API_DIALECT });
      const page = await open(both);
      await signUp(page, newUser());
      await button(page, "Set up").click();
      await warns(page, "Confirm your email first: then you can add this.");
      await view(page, "Your account");
    }
  });
});
