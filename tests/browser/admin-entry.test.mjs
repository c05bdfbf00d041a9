// Entry to the console, and the proofs that it asks for.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  button,
  field,
  fieldError,
  focused,
  link,
  logIn,
  PASSWORD,
  says,
  storedToken,
  view,
  warns,
} from "./account.mjs";
import { ageToken } from "./age.mjs";
import { app, authenticator, byName, CREDENTIAL_VARS } from "./authenticator.mjs";
import { describeInBrowser } from "./browser.mjs";
import { act, openConsole, part, people, rowOf, STAFF_VARS } from "./staff.mjs";

const CODE = "Code from the app";

describeInBrowser("the door of the console", ({ open, startWorker }) => {
  let url;
  let run;
  let register;
  let employ;
  before(async () => {
    const server = await startWorker(STAFF_VARS);
    url = byName(server.url);
    ({ run, register, employ } = people(server));
  });

  const proof = (page) => page.getByRole("dialog", { name: "Is it still you?" });

  /** Gives the dialog a password, and then a code of the phone, or a recovery code. */
  async function prove(page, { recovery }) {
    await focused(page, field(proof(page), "Password"));
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await button(proof(page), "Use a recovery code instead").click();
    await field(proof(page), "Recovery code").fill(recovery.pop());
    await button(proof(page), "Confirm").click();
    await proof(page).waitFor({ state: "hidden" });
  }

  test("who is not logged in is led to the log-in, and back by the login that both pages share", async () => {
    const page = await open(`${url}/admin`);
    await view(page, "You are not logged in");
    const staff = await employ();
    await link(page, "Go to the log-in").click();
    await logIn(page, staff);
    await view(page, "One more step");
    await button(page, "Use a recovery code instead").click();
    await field(page, "Recovery code").fill(staff.recovery[0]);
    await button(page, "Confirm").click();
    await view(page, "Your account");
    await page.goto(`${url}/admin#events`);
    await view(page, "Events");
  });

  test("who is no member of staff has no permission, with a second factor or without", async () => {
    const user = await employ();
    await run("UPDATE users SET is_staff = 0 WHERE id = ?", user.id);
    const page = await openConsole(open, url, user);
    await view(page, "You have no permission");
    assert.equal(await page.getByRole("navigation", { name: "Staff" }).count(), 0);
    await link(page, "Go to your account").click();
    await page.getByText(`Logged in as ${user.username}`).waitFor();

    const plain = await openConsole(open, url, await register());
    await view(plain, "You need a second factor");
  });

  test("staff without a second factor set one up, and come back", async () => {
    const staff = await employ({ factor: false });
    const page = await openConsole(open, url, staff);
    await view(page, "You need a second factor");
    await link(page, "Go to your account").click();
    await button(page, "Set up").click();
    const uri = await link(page, "Open it in an app on this device").getAttribute("href");
    await field(page, CODE).fill(app(uri).code());
    await button(page, "Turn on").click();
    await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
    await page.goto(`${url}/admin`);
    await view(page, "Users");
    await rowOf(page, staff.email).waitFor();
  });

  test("staff who logged in with one factor prove the other", async () => {
    const staff = await employ();
    const page = await openConsole(open, url, staff);
    await ageToken(page, 0, { amr: ["pwd"] });
    await view(page, "Prove your second factor");
    await button(page, "Prove it").click();
    await focused(page, field(proof(page), "Password"));
    await page.keyboard.press("Escape");
    await focused(page, button(page, "Prove it"));
    await button(page, "Prove it").click();
    await prove(page, staff);
    await view(page, "Users");
  });

  test("with a passkey and no app, the passkey alone is asked for", async () => {
    const staff = await employ({ factor: false });
    const page = await openConsole(open, url, staff);
    await view(page, "You need a second factor");
    await authenticator(page);
    await link(page, "Go to your account").click();
    await field(page, "Name of a new passkey").fill("Laptop");
    await button(page, "Add a passkey").click();
    await says(page, "The passkey Laptop is added.");
    await page.goto(`${url}/admin`);
    await view(page, "Prove your second factor");
    await button(page, "Prove it").click();
    await focused(page, button(proof(page), "Use a passkey"));
    assert.equal(await field(proof(page), "Password").isVisible(), false);
    await page.keyboard.press("Enter");
    await view(page, "Users");
  });

  test("a proof of half a day ago is renewed before anything is read", async () => {
    const staff = await employ();
    const page = await openConsole(open, url, staff);
    await view(page, "Users");
    await ageToken(page, 13);
    await focused(page, field(proof(page), "Password"));
    await page.keyboard.press("Escape");
    await warns(page, "This needs a new proof that it is you. Nothing was changed.");
    await button(page, "Continue").click();
    await field(proof(page), "Password").fill("guess");
    await button(proof(page), "Go on").click();
    await fieldError(proof(page), "Password", "This is not your password.");
    await field(proof(page), "Password").fill("");
    await prove(page, staff);
    await view(page, "Users");
    await rowOf(page, staff.email).waitFor();
  });

  test("an hour is no age for reading, but for a change, which goes on once it is renewed", async () => {
    const staff = await employ();
    const user = await register();
    const page = await openConsole(open, url, staff, { fragment: `#user=${user.id}` });
    await view(page, user.email);
    await ageToken(page);
    await part(page, "Profile").waitFor();
    await act(page, "Access", "Deactivate…", "Deactivate");
    await prove(page, staff);
    await says(page, "The user is deactivated.");
    await focused(page, button(page, "Activate…"));
  });

  test("a session that ends is noticed, and so are rights that are taken away", async () => {
    const staff = await employ();
    const page = await openConsole(open, url, staff);
    await view(page, "Users");
    await run("UPDATE users SET is_staff = 0 WHERE id = ?", staff.id);
    await link(page, "Events").click();
    await warns(page, "You have no permission for this. Nothing was changed.");
    await run("UPDATE users SET token_version = token_version + 1, surviving_sid = NULL WHERE id = ?", staff.id);
    await button(page, "Look again").click();
    await view(page, "You are not logged in");
    assert.equal(await storedToken(page), null);
  });

  test("where it is off, it says what to set", async () => {
    for (const vars of [{}, { API_DIALECT: "realworld" }]) {
      const { url: plain, worker } = await startWorker(vars);
      const page = await openConsole(open, plain, await people({ url: plain, worker }).register());
      await view(page, "This page is turned off");
      await page.getByText("npx wrangler secret put DATA_SECRET").waitFor();
    }
  });

  test("without mail there is no invitation and no reset, in the other dialect too", async () => {
    const server = await startWorker({ ...CREDENTIAL_VARS, API_DIALECT: "realworld" });
    const { register, employ } = people(server);
    const root = await employ({ superuser: true });
    const user = await register();
    const page = await openConsole(open, server.url, root, { fragment: "#invite" });
    await page.getByText("This site sends no mail, so it can’t invite anyone.").waitFor();
    await page.goto(`${server.url}/admin#user=${user.id}`);
    await page.getByText("This site sends no mail, so no reset either.").waitFor();
    await field(page, "New username").fill(root.username);
    await act(page, "Profile", "Rename…", "Rename");
    await fieldError(page, "New username", "Another account has this username.");

    const plain = await openConsole(open, server.url, user);
    await view(plain, "You need a second factor");
  });
});
