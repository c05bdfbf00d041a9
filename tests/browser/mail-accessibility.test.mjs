// Accessibility of the views that mail adds to the account page by axe-core, and their layout on a narrow screen.

import { test } from "node:test";
import { assertAccessible } from "./accessible.mjs";
import { button, choose, field, fieldError, link, logOut, newUser, PASSWORD, says, signUp, view } from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";
import { CODE, MAIL_VARS, mailbox, openLink } from "./mailbox.mjs";

const NEW_PASSWORD = "battery staple";

describeInBrowser("the views of mail for all", ({ open, startWorker }) => {
  for (const [colorScheme, width] of [
    ["light", 320],
    ["dark", 1280],
  ]) {
    test(`${colorScheme}, ${width} pixels wide`, async () => {
      const { url, ...rest } = await startWorker(MAIL_VARS); // which has sent no mail yet
      const mails = mailbox({ url, ...rest });
      const page = await open(url, { colorScheme, viewport: { width, height: 800 } });
      const user = newUser();
      const check = (name) => assertAccessible(page, name);
      await link(page, "Forgot your password?").waitFor();
      await check("log in");
      await signUp(page, { ...user, email: `${"long".repeat(10)}${user.email}` });
      await field(page, CODE).waitFor();
      await check("an email to confirm");
      const { code } = await mails.next(`${"long".repeat(10)}${user.email}`);
      await button(page, "Confirm").click();
      await fieldError(page, CODE, "Enter the code from the mail.");
      await check("an email to confirm, with an error");
      await field(page, CODE).fill(code);
      await button(page, "Confirm").click();
      await says(page, "Your email is confirmed.");
      await field(page, "Email").fill(user.email);
      await field(page, "Your password").fill(PASSWORD);
      await button(page, "Save profile").click();
      await check("the question");
      await choose(page, "Change your email?", "Change my email");
      await field(page, CODE).waitFor();
      await check("a new email to confirm");
      await openLink(page, await mails.next(user.email));
      await check("a link to confirm");
      await button(page, "Confirm my email").click();
      await says(page, "Your email is confirmed.");
      await check("a confirmed email");
      await logOut(page);
      for (const [name, submit, title] of [
        ["Forgot your password?", "Set new password", "Set a new password"],
        ["Log in without a password", "Log in", "Log in"],
      ]) {
        await mails.age();
        await link(page, name).click();
        await view(page, name);
        await check(name);
        await field(page, "Email").fill(user.email);
        await button(page, "Send the mail").click();
        await view(page, "Check your mail");
        await check(`${name}: the code`);
        await openLink(page, await mails.next(user.email));
        await view(page, title);
        await check(`${name}: the link`);
        if (name === "Forgot your password?") {
          await field(page, "New password").fill(NEW_PASSWORD);
        }
        await button(page, submit).click();
        await page.getByText(/Your new password is set|Logged in as/).waitFor();
      }
      await page.goto("about:blank");
      await page.goto(`${url}/#secret`);
      await check("a link that does not work");
    });
  }
});
