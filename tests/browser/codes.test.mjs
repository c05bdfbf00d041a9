// Codes that are mailed, on the account page: for a new password and a log-in; and a deployment without mail.

import assert from "node:assert/strict";
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
  view,
  warns,
} from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";
import { askForMail, CODE, MAIL_VARS, mailbox, record } from "./mailbox.mjs";

const NEW_PASSWORD = "battery staple";

for (const API_DIALECT of ["django", "realworld"]) {
  describeInBrowser(`codes, in the dialect ${API_DIALECT}`, ({ open, startWorker }) => {
    let url;
    let mails;
    before(async () => {
      const server = await startWorker({ ...MAIL_VARS, API_DIALECT });
      url = server.url;
      mails = mailbox(server);
    });

    test("a forgotten password is replaced by the code", async () => {
      const [page, device] = [await open(url), await open(url)];
      const user = newUser();
      await signUp(device, user);
      await mails.next(user.email);
      await mails.age();

      await askForMail(page, "Forgot your password?", user.email);
      await page.getByText(`If there is an account with ${user.email}, a mail is on its way there.`).waitFor();
      await focused(page, page.getByRole("heading", { name: "Check your mail" }));
      const { code } = await mails.next(user.email);
      await button(page, "Set new password").click();
      await fieldError(page, CODE, "Enter the code from the mail.");
      await field(page, CODE).fill("1234");
      await field(page, "New password").fill(NEW_PASSWORD);
      await button(page, "Set new password").click();
      const wrong = "This is not the code of the last mail, or it is too old. Check it, or send another mail.";
      await fieldError(page, CODE, wrong);
      await field(page, CODE).fill(` ${code.slice(0, 4)} ${code.slice(4)}`);
      await field(page, "New password").fill("short");
      await button(page, "Set new password").click();
      await fieldError(page, "New password", "A password needs at least 8 characters.");
      await field(page, "New password").fill(NEW_PASSWORD);
      await button(page, "Set new password").click();
      await says(page, "Your new password is set, and you are logged out everywhere. Log in with it.");
      await view(page, "Log in");
      assert.equal(await field(page, "Email").inputValue(), user.email);
      await logIn(page, { ...user, password: NEW_PASSWORD });
      await view(page, "Your account");

      await button(device, "Log out other devices").click();
      await says(device, "Your session has ended. Please log in again.");
    });
  });
}

describeInBrowser("mails that guests ask for", ({ open, startWorker }) => {
  let url;
  let mails;
  before(async () => {
    const server = await startWorker(MAIL_VARS);
    url = server.url;
    mails = mailbox(server);
  });

  test("a code logs in; another mail can be sent after a minute, which is counted down in no live region", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    await mails.next(user.email);
    await mails.age();
    await logOut(page);
    await page.clock.install();
    await askForMail(page, "Log in without a password", user.email);
    await mails.next(user.email);
    const again = button(page, "Send again");
    const hint = page.locator("#send-again-hint");
    assert.equal(await again.getAttribute("aria-disabled"), "true");
    assert.equal(await again.getAttribute("aria-describedby"), "send-again-hint");
    assert.equal(await hint.evaluate((element) => element.closest("[aria-live], [role=status], [role=alert]")), null);
    await page.clock.runFor("00:20");
    await hint.getByText(/^You can send another in (?:39|40) seconds\.$/).waitFor();
    await again.focus();
    const requests = record(page);
    await page.keyboard.press("Enter");
    await says(page, "Please wait.");
    assert.deepEqual(requests.ofApi(), []);
    await page.clock.runFor("00:41");
    assert.equal(await hint.textContent(), "");
    await focused(page, again.and(page.locator("[aria-disabled=false]")));
    await page.getByText("The code expires in 9 minutes.").waitFor();

    await mails.age();
    await page.keyboard.press("Enter");
    await says(page, "Another mail is on its way. Only use the newest.");
    const { code } = await mails.next(user.email);
    await page.clock.runFor("10:01");
    await page.getByText("The code has expired. The link may be good for longer, or send another mail.").waitFor();
    await field(page, CODE).fill(code); // whose time the server has, and this clock has not
    await page.keyboard.press("Enter");
    await page.getByText(`Logged in as ${user.username}`).waitFor();
  });

  test("nobody's address is answered the same, and one that is asked for too often says how long to wait", async () => {
    const page = await open(url);
    await askForMail(page, "Forgot your password?", "nobody@example.com");
    await page.getByText("If there is an account with nobody@example.com, a mail is on its way there.").waitFor();
    await link(page, "Back to the log-in").click();
    assert.equal(await field(page, "Email").inputValue(), "nobody@example.com");
    await link(page, "Forgot your password?").click();
    await view(page, "Forgot your password?");
    assert.equal(await field(page, "Email").inputValue(), "nobody@example.com");
    await button(page, "Send the mail").click();
    await warns(page, /^Too many attempts\. Please try again in (?:1 minute|\d+ seconds)\.$/);
    await page.goBack();
    await view(page, "Log in");
    await page.goto(`${url}/log-in-by-mail`);
    await view(page, "Log in without a password");
  });
});

describeInBrowser("without mail", ({ open, startWorker }) => {
  test("the page shows nothing of it, and asks once whether there is any", async () => {
    const { url } = await startWorker();
    const page = await open("about:blank");
    const requests = record(page);
    const paths = () => requests.ofApi().map((each) => `${each.method()} ${new URL(each.url()).pathname}`);
    await page.goto(`${url}/forgot-password`);
    await view(page, "Log in");
    assert.deepEqual(await page.locator("#view a:visible").allTextContents(), ["Create an account"]);
    const user = newUser();
    await signUp(page, user);
    await field(page, "Email").fill(`new-${user.email}`);
    await field(page, "Your password").fill(PASSWORD);
    await page.getByText("Needed to change your email.", { exact: true }).waitFor();
    await button(page, "Save profile").click();
    await page.getByText("Nothing is sent to it: check that it is right.").waitFor();
    await choose(page, "Change your email?", "Change my email");
    await says(page, "Profile saved.");
    assert.equal(await page.getByRole("region", { name: "Confirm your email" }).count(), 0);
    assert.deepEqual(paths().sort(), [
      "GET /api/user/credentials",
      "GET /api/user/sessions",
      "GET /api/users/methods",
      "PATCH /api/user",
      "POST /api/users",
    ]);
  });

  test("sign-in by mail alone may be missing", async () => {
    const { url } = await startWorker({ ...MAIL_VARS, MAIL_SIGN_IN: "off" });
    const page = await open(`${url}/log-in-by-mail`);
    await link(page, "Forgot your password?").waitFor();
    assert.equal(await link(page, "Log in without a password").isVisible(), false);
    await view(page, "Log in");
  });
});
