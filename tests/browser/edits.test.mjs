// Unsaved edits on the account page: they survive an ended session, or a warning comes first.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  button,
  choose,
  field,
  logIn,
  logOut,
  newUser,
  PASSWORD,
  says,
  signUp,
  storedToken,
  view,
} from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";

describeInBrowser("unsaved edits", ({ open, startWorker }) => {
  let url;
  before(async () => {
    ({ url } = await startWorker());
  });

  const bio = (page) => page.getByLabel("Bio").inputValue();
  const endSession = async (page) => {
    const headers = { Authorization: `Token ${await storedToken(page)}` };
    const { status } = await fetch(`${url}/api/users/logout?scope=all`, { method: "POST", headers });
    assert.equal(status, 204);
  };

  test("come back when their user logs in again", async () => {
    const page = await open(url);
    const user = newUser();
    await signUp(page, user);
    const edited = { ...user, email: `new-${user.email}` };
    await page.getByLabel("Bio").fill("I keep the keys.");
    await field(page, "Email").fill(edited.email);
    await field(page, "Your password").fill(PASSWORD);
    await endSession(page);
    await button(page, "Save profile").click();
    await choose(page, "Change your email?", "Change my email");
    await says(page, "Your session has ended. Please log in again.");

    await logIn(page, user);
    await says(page, "Your changes are still here, and not saved yet.");
    assert.equal(await bio(page), "I keep the keys.");
    assert.equal(await field(page, "Email").inputValue(), edited.email);
    assert.equal(await field(page, "Your password").inputValue(), "");
    await field(page, "Your password").fill(PASSWORD);
    await button(page, "Save profile").click();
    await choose(page, "Change your email?", "Change my email");
    await says(page, "Profile saved.");
    await page.getByText(`Logged in as ${user.username} (${edited.email})`).waitFor();
  });

  test("are shown to no other user", async () => {
    const page = await open(url);
    const [alice, bob] = [newUser(), newUser()];
    await signUp(page, bob);
    await logOut(page);
    await signUp(page, alice);
    await page.getByLabel("Bio").fill("For my eyes only.");
    await endSession(page);
    await button(page, "Save profile").click();
    await says(page, "Your session has ended.");
    await logIn(page, bob);
    await page.getByText(`Logged in as ${bob.username}`).waitFor();
    assert.equal(await bio(page), "");
    await logOut(page);
    await logIn(page, alice);
    await page.getByText(`Logged in as ${alice.username}`).waitFor();
    assert.equal(await bio(page), "");
  });

  test("are not lost by a log-out without a question", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    await page.getByLabel("Bio").fill("I keep the keys.");
    await button(page, "Log out").click();
    await choose(page, "Log out without saving?", "Stay logged in");
    assert.equal(await bio(page), "I keep the keys.");
    await button(page, "Log out").click();
    await choose(page, "Log out without saving?", "Log out");
    await view(page, "Log in");
  });

  test("are not lost by leaving the page without a question", async () => {
    const page = await open(url);
    await signUp(page, newUser());
    const questions = [];
    page.on("dialog", (dialog) => {
      questions.push(dialog.type());
      void dialog.accept();
    });
    await page.reload();
    await view(page, "Your account");
    assert.deepEqual(questions, []);
    await page.getByLabel("Bio").fill("I keep the keys.");
    await page.reload();
    await view(page, "Your account");
    assert.deepEqual(questions, ["beforeunload"]);
  });
});
