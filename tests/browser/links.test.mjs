// Mailed links on the account page: their secret leaves the address at once, and nothing is sent before a button is pressed.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { button, field, fieldError, logIn, logOut, newUser, says, signUp, storedToken, view } from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";
import { askForMail, CODE, MAIL_VARS, mailbox, openLink, record } from "./mailbox.mjs";

const NEW_PASSWORD = "battery staple";

describeInBrowser("a mailed link", ({ open, startWorker }) => {
  let url;
  let mails;
  before(async () => {
    const server = await startWorker(MAIL_VARS);
    url = server.url;
    mails = mailbox(server);
  });

  test("a forgotten password is replaced by the link, in a page that is open already", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    await mails.next(user.email);
    await mails.age();
    await logOut(page);
    await askForMail(page, "Forgot your password?", user.email);
    const mail = await mails.next(user.email);
    await page.goto(`${url}/`);
    await logIn(page, user);
    await view(page, "Your account");
    const requests = record(page);
    const entries = await page.evaluate(() => history.length);
    await page.evaluate((link) => location.assign(link), mail.link);
    await view(page, "Set a new password");
    assert.equal(page.url(), `${url}/`);
    assert.deepEqual(requests.ofApi(), []);
    const [, secret] = mail.fragment.split("secret=");
    await field(page, "New password").fill(NEW_PASSWORD);
    await button(page, "Set new password").click();
    await says(page, "Your new password is set");
    await view(page, "Log in");
    assert.equal(await storedToken(page), null);
    await requests.hasNowhere(secret);

    // No entry of the history has it.
    assert.equal(await page.evaluate(() => history.length), entries + 1);
    for (let back = 0; back < entries - 1; back += 1) {
      await page.goBack();
      assert.ok(!page.url().includes("secret"), page.url());
    }
    // A used one leads to the form for another.
    await openLink(page, mail);
    await field(page, "New password").fill(NEW_PASSWORD);
    await button(page, "Set new password").click();
    await view(page, "This link does not work");
    await page.getByText("It was used before, or is too old.").waitFor();
    await button(page, "Ask for another mail").click();
    await view(page, "Forgot your password?");
  });

  test("a mailed link logs in, once", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    await mails.next(user.email);
    await mails.age();
    await logOut(page);
    await askForMail(page, "Log in without a password", user.email);
    const mail = await mails.next(user.email);

    const elsewhere = await open(url);
    const requests = await openLink(elsewhere, mail);
    await view(elsewhere, "Log in");
    assert.deepEqual(requests.ofApi(), []);
    await button(elsewhere, "Log in").click();
    await elsewhere.getByText(`Logged in as ${user.username}`).waitFor();
    await requests.hasNowhere(requests.secret);

    await field(page, CODE).fill(mail.code);
    await button(page, "Log in").click();
    await fieldError(
      page,
      CODE,
      "This is not the code of the last mail, or it is too old. Check it, or send another mail.",
    );
    await openLink(page, mail);
    await button(page, "Log in").click();
    await view(page, "This link does not work");
    await button(page, "Ask for another mail").click();
    await view(page, "Log in without a password");
  });

  test("a link that is not whole is taken out of the address too", async () => {
    const page = await open(url);
    for (const fragment of [
      "#purpose=reset&secret=abc",
      "#purpose=other&secret=abc",
      "#secret",
      "#purpose%3Dreset%26secret%3Dabc",
    ]) {
      await page.goto("about:blank");
      await page.goto(`${url}/${fragment}`);
      await view(page, "This link does not work");
      assert.equal(page.url(), `${url}/`);
      await page.getByText("A part of it is missing.").waitFor();
      await button(page, "Continue").click();
      await view(page, "Log in");
    }
    await page.goto(`${url}/#section`);
    await view(page, "Log in");
    assert.equal(page.url(), `${url}/#section`);
  });
});
