// Accessibility of the views with two-step verification and passkeys, and their layout on a narrow screen.

import { before, test } from "node:test";
import { assertAccessible } from "./accessible.mjs";
import { button, choose, field, fieldError, logIn, logOut, newUser, PASSWORD, says, signUp, view } from "./account.mjs";
import { ageProof } from "./age.mjs";
import { app, authenticator, byName, CREDENTIAL_VARS } from "./authenticator.mjs";
import { describeInBrowser } from "./browser.mjs";

const CODE = "Code from the app";

describeInBrowser("two-step verification and passkeys for all", ({ open, startWorker }) => {
  let url;
  before(async () => {
    const { url: started } = await startWorker(CREDENTIAL_VARS);
    url = byName(started);
  });

  for (const [colorScheme, width] of [
    ["light", 320],
    ["dark", 320],
    ["light", 1280],
    ["dark", 1280],
  ]) {
    test(`${colorScheme}, ${width} pixels wide`, async () => {
      const page = await open("about:blank", { colorScheme, viewport: { width, height: 800 } });
      await page.addInitScript(() => {
        PublicKeyCredential.isConditionalMediationAvailable = async () => false;
      });
      await page.goto(url);
      await authenticator(page);
      const check = (name) => assertAccessible(page, name);
      const user = newUser();
      await button(page, "Log in with a passkey").waitFor();
      await check("log in");
      await signUp(page, user);
      await button(page, "Add a passkey").click();
      await fieldError(page, "Name of a new passkey", "Enter a name.");
      await check("account, without either");

      await button(page, "Set up").click();
      const uri = await page.getByRole("link", { name: "Open it in an app on this device" }).getAttribute("href");
      await button(page, "Turn on").click();
      await fieldError(page, CODE, "Enter the code.");
      await check("set-up");
      await field(page, CODE).fill(app(uri).code());
      await button(page, "Turn on").click();
      await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
      await check("recovery codes");
      const code = await page.locator("#recovery-codes > li").first().innerText();
      await button(page, "I have kept them").click();
      await button(page, "Turn off…").click();
      await check("the question before it is turned off");
      await choose(page, "Turn off two-step verification?", "Leave it on");

      const name = "long".repeat(16);
      await field(page, "Name of a new passkey").fill(name);
      await button(page, "Add a passkey").click();
      await says(page, "is added.");
      await check("a passkey");
      await button(page, `Rename the passkey ${name}`).click();
      await check("a passkey that is renamed");
      await button(page.locator(".renaming"), "Cancel").click();
      await button(page, `Remove the passkey ${name}`).click();
      await check("the question before it is removed");
      await choose(page, "Remove this passkey?", "Keep it");

      await ageProof(page);
      await button(page, "New recovery codes…").click();
      await choose(page, "Make new recovery codes?", "Make new codes");
      const dialog = page.getByRole("dialog", { name: "Is it still you?" });
      await button(dialog, "Use a passkey").waitFor();
      await check("the dialog for a proof");
      await field(dialog, "Password").fill(PASSWORD);
      await button(dialog, "Go on").click();
      await field(dialog, CODE).fill("nonsense");
      await button(dialog, "Confirm").click();
      await dialog.locator("[aria-invalid=true]").waitFor();
      await check("the dialog for a second step");
      await button(dialog, "Cancel").click();

      await logOut(page);
      await logIn(page, user);
      await view(page, "One more step");
      await page.getByText("Lost the app and the codes?").click();
      await check("the second step");
      await button(page, "Use a recovery code instead").click();
      await button(page, "Confirm").click();
      await fieldError(page, "Recovery code", "Enter the code.");
      await check("the second step, with a recovery code");
      await field(page, "Recovery code").fill(code);
      await button(page, "Confirm").click();
      await view(page, "Your account");
    });
  }
});
