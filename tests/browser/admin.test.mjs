// Work of staff at the console, from the search to the log of events.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Latchkey } from "latchkey-client";
import { button, field, fieldError, focused, link, logIn, PASSWORD, says, view, warns } from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";
import { mailbox, openLink } from "./mailbox.mjs";
import { act, openConsole, openUser, part, people, rowOf, rows, STAFF_VARS } from "./staff.mjs";

const NEW_PASSWORD = "battery staple";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

describeInBrowser("the console of staff", ({ open, startWorker }) => {
  let url;
  let mails;
  let run;
  let register;
  let employ;
  before(async () => {
    const server = await startWorker(STAFF_VARS);
    url = server.url;
    mails = mailbox(server);
    ({ run, register, employ } = people(server));
  });

  const sessions = (page) => part(page, "Sessions").getByRole("listitem");
  const events = (page) => part(page, "Events").locator("strong");

  test("a user who lost a phone is helped, and the log of events has all of it", async () => {
    const root = await employ({ superuser: true });
    const user = await register();
    await mails.next(user.email);
    const phone = await open(url, { userAgent: FIREFOX });
    await logIn(phone, user);
    await view(phone, "Your account");

    const page = await openConsole(open, url, root);
    await view(page, "Users");
    await openUser(page, user);
    const lost = sessions(page).filter({ hasText: "Firefox on Linux" });
    await lost.getByRole("button").click();
    await button(page.getByRole("dialog", { name: "End this session?" }), "End it").click();
    await says(page, "Firefox on Linux is logged out.");
    await lost.waitFor({ state: "detached" });
    await focused(page, sessions(page).first());
    await phone.getByLabel("Bio").fill("found");
    await button(phone, "Save profile").click();
    await says(phone, "Your session has ended. Please log in again.");

    await mails.age();
    await act(page, "Ways in", "Send a password reset…", "Send it");
    await says(page, "The mail is on its way.");
    const mail = await mails.next(user.email);
    assert.equal(mail.code, undefined);
    const mailed = await open("about:blank");
    await openLink(mailed, mail);
    await view(mailed, "Set a new password");
    await field(mailed, "New password").fill(NEW_PASSWORD);
    await button(mailed, "Set new password").click();
    await says(mailed, "Your new password is set");

    await act(page, "Access", "Deactivate…", "Deactivate");
    await says(page, "The user is deactivated.");
    await page.locator("#user-marks").getByText("Deactivated").waitFor();
    await part(page, "Ways in").getByText("A deactivated user is sent no reset.").waitFor();
    assert.equal(await button(page, "Send a password reset…").isVisible(), false);
    await logIn(mailed, { ...user, password: NEW_PASSWORD });
    await warns(mailed, "This account is deactivated.");
    await act(page, "Access", "Activate…", "Activate");
    await says(page, "The user is activated.");
    await button(mailed, "Log in").click();
    await view(mailed, "Your account");

    await page.reload();
    await part(page, "Profile").waitFor();
    await events(page).getByText("Activated", { exact: true }).waitFor();
    assert.deepEqual(await events(page).allInnerTexts(), [
      "Activated",
      "Deactivated",
      "Password set by mail",
      "Email verified",
      "Password reset sent",
      "Sessions ended: one",
      "Registered",
    ]); // the newest first
    const byStaff = part(page, "Events").getByRole("listitem").filter({ hasText: "by you" });
    assert.equal(await byStaff.count(), 4);
  });

  test("a user is renamed, gets another email and another role, and loses an app", async () => {
    const root = await employ({ superuser: true });
    const user = await employ();
    const page = await openConsole(open, url, root, { fragment: `#user=${user.id}` });
    await view(page, user.email);
    await button(page, "Rename…").click();
    await fieldError(page, "New username", "Enter a username.");
    await field(page, "New username").fill(root.username);
    await act(page, "Profile", "Rename…", "Rename");
    await fieldError(page, "New username", "Another account has this username.");
    await field(page, "New username").fill("renamed");
    await button(page, "Rename…").click();
    const dialog = page.getByRole("dialog", { name: "Rename this user?" });
    await dialog.getByText(user.email).waitFor();
    await dialog.getByText("New username: renamed").waitFor();
    await page.keyboard.press("Escape");
    await focused(page, button(page, "Rename…"));
    await act(page, "Profile", "Rename…", "Rename");
    await says(page, "The user is renamed.");
    await page.locator("#profile").getByText("renamed", { exact: true }).waitFor();

    const email = `new-${user.email}`;
    await field(page, "New email").fill(email);
    await act(page, "Profile", "Change email…", "Change email");
    await says(page, "The email is changed.");
    await view(page, email);
    await page.locator("#user-marks").getByText("Email not verified").waitFor();
    await says(page, "They are logged in nowhere.");

    await field(page, "Role").selectOption("Superuser");
    await act(page, "Access", "Change role…", "Change role");
    await says(page, "The role is changed.");
    await page.locator("#user-marks").getByText("Superuser").waitFor();
    await part(page, "Ways in").getByText("Recovery codes left: 8.").waitFor();
    await part(page, "Ways in").getByRole("button", { name: "Remove, Authenticator app" }).click();
    await button(page.getByRole("dialog", { name: "Remove the authenticator app?" }), "Remove").click();
    await says(page, "Authenticator app is removed.");
    await focused(page, page.getByRole("heading", { name: "Ways in" }));
    await events(page).getByText("Credential removed: authenticator app").waitFor();
    await part(page, "Ways in").getByText("They have a password.", { exact: true }).waitFor();
    await act(page, "Access", "Deactivate…", "Deactivate");
    await says(page, "The user is deactivated.");
  });

  test("all sessions of a user are ended", async () => {
    const staff = await employ();
    const user = await register();
    const page = await openConsole(open, url, staff, { fragment: `#user=${user.id}` });
    await sessions(page).first().waitFor();
    await act(page, "Sessions", "End all sessions…", "End all");
    await says(page, "All sessions have ended.");
    await says(page, "They are logged in nowhere.");
    await assert.rejects(user.client.me());
    await events(page).getByText("Sessions ended: all").waitFor();
  });

  test("who is invited chooses a password by the mailed link, and logs in", async () => {
    const staff = await employ();
    const page = await openConsole(open, url, staff);
    await link(page, "Invite").click();
    await view(page, "Invite a user");
    await button(page, "Invite").click();
    await fieldError(page, "Email", "Enter an email.");
    await field(page, "Email").fill(staff.email);
    await field(page, "Username").fill("anna");
    await mails.age();
    await button(page, "Invite").click();
    await fieldError(page, "Email", "Another account has this email.");
    await field(page, "Email").fill("anna@example.com");
    await button(page, "Invite").click();
    await says(page, "An invitation to anna@example.com is on its way.");
    await view(page, "anna@example.com");
    await part(page, "Ways in").getByText("They have no password.").waitFor();
    await events(page).getByText("Registered: by an invitation").waitFor();
    await page.goBack();
    await view(page, "Invite a user");

    const mail = await mails.next("anna@example.com");
    const mailed = await open("about:blank");
    await openLink(mailed, mail);
    await view(mailed, "Choose a password");
    await field(mailed, "Password").fill("short");
    await button(mailed, "Set password").click();
    await fieldError(mailed, "Password", "A password needs at least 8 characters.");
    await field(mailed, "Password").fill(PASSWORD);
    await button(mailed, "Set password").click();
    await says(mailed, "Your password is set. Log in with it.");
    await logIn(mailed, { email: "anna@example.com", password: PASSWORD });
    await mailed.getByText("Logged in as anna").waitFor();
    assert.equal(await mailed.getByRole("heading", { name: "Confirm your email" }).isVisible(), false);

    await openLink(mailed, mail);
    await field(mailed, "Password").fill(PASSWORD);
    await button(mailed, "Set password").click();
    await view(mailed, "This link does not work");
    await mailed.getByText("You can have another mail sent").waitFor();
    await button(mailed, "Ask for another mail").click();
    await view(mailed, "Forgot your password?");
  });

  test("a superuser erases a user, whose email they type", async () => {
    const root = await employ({ superuser: true });
    const user = await register();
    const page = await openConsole(open, url, root, { fragment: `#user=${user.id}` });
    await button(page, "Erase…").click();
    await fieldError(page, "Email of the user, to confirm", "Type the email of this user.");
    await field(page, "Email of the user, to confirm").fill(user.email);
    await button(page, "Erase…").click();
    await button(page.getByRole("dialog", { name: "Erase this user?" }), "Cancel").click();
    await focused(page, button(page, "Erase…"));
    await act(page, "Erase", "Erase…", "Erase");
    await says(page, `${user.email} is erased.`);
    await view(page, "No such user");
    await events(page).filter({ hasText: "Erased" }).waitFor();
    assert.equal(await part(page, "Profile").isVisible(), false);
  });

  test("plain staff change neither staff, nor what is for superusers, and nobody themself", async () => {
    const staff = await employ();
    const root = await employ({ superuser: true });
    const user = await register();
    const page = await openConsole(open, url, staff, { fragment: `#user=${user.id}` });
    await page.getByText("Only superusers change emails and roles, remove second factors, and erase users.").waitFor();
    const SUPERUSERS = ["Change email…", "Change role…", "Erase…"];
    const STAFF = ["Rename…", "Send a password reset…", "End all sessions…", "Deactivate…"];
    const visible = async (names) => {
      const shown = await Promise.all(names.map(async (name) => (await button(page, name).isVisible()) && name));
      return shown.filter(Boolean);
    };
    assert.deepEqual(await visible([...STAFF, ...SUPERUSERS]), STAFF);
    for (const [{ id, email }, reason] of [
      [root, "This is a member of staff, whom only superusers change."],
      [staff, "This is you: nobody changes themself here."],
    ]) {
      await page.goto(`${url}/admin#user=${id}`);
      await view(page, email);
      await page.getByText(reason).waitFor();
      await sessions(page).first().waitFor();
      assert.deepEqual(await visible([...STAFF, ...SUPERUSERS]), []);
      assert.equal(await sessions(page).getByRole("button").and(page.locator(":visible")).count(), 0);
    }
    await sessions(page).getByText("This session").waitFor();

    // A user who is made staff meanwhile is no longer theirs to change.
    await page.goto(`${url}/admin#user=${user.id}`);
    await button(page, "Deactivate…").waitFor();
    await run("UPDATE users SET is_staff = 1 WHERE id = ?", user.id);
    await act(page, "Access", "Deactivate…", "Deactivate");
    await warns(page, "You have no permission for this. Nothing was changed.");
    await new Latchkey(url).login(user);
  });

  test("a user who was erased meanwhile is not there any more", async () => {
    const staff = await employ();
    const user = await register();
    const page = await openConsole(open, url, staff, { fragment: `#user=${user.id}` });
    await button(page, "Deactivate…").waitFor();
    await run("DELETE FROM users WHERE id = ?", user.id);
    await act(page, "Access", "Deactivate…", "Deactivate");
    await warns(page, "It is not there any more.");
    assert.equal(await rows(page).count(), 1);
    await rowOf(page, "Registered").waitFor();
  });
});
