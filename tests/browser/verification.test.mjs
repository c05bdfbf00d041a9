// Confirming an email on the account page, by link and by code, and changing it.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  button,
  choose,
  field,
  fieldError,
  focused,
  logIn,
  newUser,
  PASSWORD,
  says,
  signUp,
  storedToken,
  view,
} from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";
import { banner, CODE, MAIL_VARS, mailbox, openLink } from "./mailbox.mjs";

describeInBrowser("an email to confirm", ({ open, startWorker }) => {
  let url;
  let mails;
  before(async () => {
    const server = await startWorker({ ...MAIL_VARS, API_DIALECT: "realworld" });
    url = server.url;
    mails = mailbox(server);
  });

  test("a user confirms their email by its link, where they log in first", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    await banner(page, "Confirm your email").getByText(`Is ${user.email} right?`).waitFor();
    await field(page, CODE).waitFor();
    const mail = await mails.next(user.email);

    const elsewhere = await open(url);
    const requests = await openLink(elsewhere, mail);
    await says(elsewhere, "Log in to confirm your email.");
    await logIn(elsewhere, user);
    await view(elsewhere, "Confirm your email");
    const ofVerification = () => requests.ofApi().filter((each) => each.url().includes("verification"));
    assert.deepEqual(ofVerification(), []);
    await button(elsewhere, "Confirm my email").click();
    await says(elsewhere, "Your email is confirmed.");
    await focused(elsewhere, elsewhere.getByRole("heading", { name: "Your account" }));
    assert.equal(await banner(elsewhere, "Confirm your email").isVisible(), false);
    assert.deepEqual(
      ofVerification().map((each) => each.postDataJSON()),
      [{ user: { secret: requests.secret } }],
    );
    await requests.hasNowhere(requests.secret);

    // The first page sees it when its user comes back to it.
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await banner(page, "Confirm your email").waitFor({ state: "hidden" });

    // The link was for once.
    await openLink(elsewhere, mail);
    await button(elsewhere, "Confirm my email").click();
    await view(elsewhere, "This link does not work");
    await button(elsewhere, "Ask for another mail").click();
    await says(elsewhere, "Your email is confirmed already.");
  });

  test("a new email waits until it is confirmed, and can be cancelled", async () => {
    const page = await open(url);
    const user = newUser();
    const email = `new-${user.email}`;
    await signUp(page, user);
    await field(page, CODE).fill((await mails.next(user.email)).code);
    await button(page, "Confirm").click();
    await says(page, "Your email is confirmed.");

    const change = async () => {
      await field(page, "Email").fill(email);
      await field(page, "Your password").fill(PASSWORD);
      await button(page, "Save profile").click();
      const text = "once you have confirmed it: we send a mail to it. Until then you log in with your present email.";
      await page.getByText(`You will log in with ${email} ${text}`).waitFor();
      await choose(page, "Change your email?", "Change my email");
      await says(page, "Profile saved.");
      await focused(page, page.getByRole("heading", { name: "Confirm your new email" }));
    };
    const waiting = banner(page, "Confirm your new email");
    await change();
    await waiting.getByText(`Your new email is ${email}.`).waitFor();
    await waiting.getByText(`Until then you log in with ${user.email}.`).waitFor();
    await page.getByText(`Logged in as ${user.username} (${user.email})`).waitFor();
    assert.equal(await field(page, "Email").inputValue(), user.email);

    // One that is asked for again too early is refused, and the page says when.
    await page.reload();
    await waiting.waitFor();
    assert.equal(await field(page, CODE).isVisible(), false);
    await button(page, "Send again").click();
    await says(page, "Please wait.");
    await page.getByText(/^You can send another in (?:1 minute|\d+ seconds)\.$/).waitFor();

    await page.getByLabel("Bio").fill("I keep the keys.");
    const cancelling = page.waitForRequest((request) => request.method() === "PATCH");
    await button(page, "Keep my present email").click();
    assert.deepEqual((await cancelling).postDataJSON(), { user: { email: user.email } });
    await says(page, `Your email stays ${user.email}.`);
    assert.equal(await waiting.isVisible(), false);
    assert.equal(await page.getByLabel("Bio").inputValue(), "I keep the keys.");
    const cancelled = await mails.next(email);

    await mails.age();
    await change();
    const { code } = await mails.next(email);
    await field(page, CODE).fill(cancelled.code);
    await button(page, "Confirm").click();
    const wrong = "This is not the code of the last mail, or it is too old. Check it, or send another mail.";
    await fieldError(page, CODE, wrong);
    await field(page, CODE).fill(code);
    await button(page, "Confirm").click();
    await says(page, "Your email is confirmed.");
    await page.getByText(`Logged in as ${user.username} (${email})`).waitFor();
    await page.reload();
    await view(page, "Your account");
  });

  test("an email that was never confirmed is replaced at once", async () => {
    const page = await open(url);
    const user = newUser();
    const email = `new-${user.email}`;
    await signUp(page, user);
    await field(page, "Email").fill(email);
    await field(page, "Your password").fill(PASSWORD);
    await button(page, "Save profile").click();
    const text = `You will log in with ${email} from now on. We send a mail to it, with which you confirm it`;
    await page.getByText(text).waitFor();
    await choose(page, "Change your email?", "Change my email");
    await focused(page, page.getByRole("heading", { name: "Confirm your email" }));
    await banner(page, "Confirm your email").getByText(`Is ${email} right?`).waitFor();
    await field(page, CODE).fill((await mails.next(email)).code);
    await page.keyboard.press("Enter");
    await says(page, "Your email is confirmed.");
    await page.getByText(`Logged in as ${user.username} (${email})`).waitFor();
  });

  test("a link of another user's is refused, and says so", async () => {
    const [page, other] = [await open(url), await open(url)];
    const [alice, bob] = [newUser(), newUser()];
    await signUp(page, alice);
    await signUp(other, bob);
    await openLink(page, await mails.next(bob.email));
    await view(page, "Confirm your email");
    await button(page, "Confirm my email").click();
    await page.getByText("or is for another account than the one that you are logged in with").waitFor();
    await mails.age();
    await button(page, "Ask for another mail").click();
    await says(page, "Another mail is on its way.");
    await field(page, CODE).waitFor();
  });

  test("a session that has ended is begun again, and the link goes on", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    await openLink(page, await mails.next(user.email));
    await view(page, "Confirm your email");
    const headers = { Authorization: `Token ${await storedToken(page)}` };
    await fetch(`${url}/api/users/logout`, { method: "POST", headers });
    await button(page, "Confirm my email").click();
    await says(page, "Your session has ended. Please log in again.");
    await logIn(page, user);
    await view(page, "Confirm your email");
    await button(page, "Confirm my email").click();
    await says(page, "Your email is confirmed.");
  });
});
