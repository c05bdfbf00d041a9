/** The views of who is not logged in. */

import { ApiError, type Credentials, type NewUser, PasskeyError } from "latchkey-client";
import { canUsePasskeys } from "./browser.js";
import { onSubmit, valuesOf } from "./form.js";
import { isGuestPurpose, openRequest, PATHS, purposeOfPath } from "./mail.js";
import { failureText, isClientError } from "./messages.js";
import type { Greeting, Page } from "./page.js";
import { showPasswordRules } from "./rules.js";
import { find, followLink, show, untilLeft } from "./view.js";

/** Shows the form that the address names, with what was typed as email in the other. */
export async function openGuest(page: Page, greeting: Greeting = {}): Promise<void> {
  const email = greeting.email ?? document.querySelector<HTMLInputElement>("#view [name=email]")?.value ?? "";
  const { pathname } = location;
  const purpose = purposeOfPath(pathname);
  const isOffered = purpose !== undefined && (await page.methods())?.[purpose];
  if (pathname !== location.pathname) {
    return; // the user has gone on
  }
  if (isOffered) {
    openRequest(page, purpose, email);
  } else if (pathname === "/sign-up") {
    openSignUp(page, email);
  } else {
    openLogIn(page, { ...greeting, email });
  }
}

/** Shows the form for the log-in. */
export function openLogIn(page: Page, { notice = "", email = "" }: Greeting = {}): void {
  show("log-in", notice);
  find<HTMLInputElement>("log-in-email").value = email;
  const form = find<HTMLInputElement>("log-in-email").form!;
  onSubmit(form, async () => page.enter(await page.client.login(valuesOf<Credentials>(form))));
  followLink("to-sign-up", () => openGuest(page));
  void offerMail(page, form);
  void offerPasskey(page, find<HTMLFormElement>("by-passkey"));
}

/** Shows the ways in by mail that the deployment has. */
async function offerMail(page: Page, form: HTMLFormElement): Promise<void> {
  const methods = await page.methods();
  for (const purpose of Object.keys(PATHS).filter(isGuestPurpose)) {
    if (methods?.[purpose] && form.isConnected) {
      find(`to-${purpose}`).parentElement!.hidden = false;
      followLink(`to-${purpose}`, () => openGuest(page));
    }
  }
}

/** Shows the button for a passkey, if there can be one, and offers passkeys at the field for the email. */
async function offerPasskey(page: Page, form: HTMLFormElement): Promise<void> {
  if (!canUsePasskeys() || !(await page.methods())?.passkey || !form.isConnected) {
    return;
  }
  form.hidden = false;
  onSubmit(form, async () => {
    try {
      await page.enter(await page.client.loginWithPasskey());
    } catch (error) {
      void autofill(page, form); // which the button has taken over from
      throw error;
    }
  });
  await autofill(page, form);
}

/** Waits for a passkey that the user chooses at the field for the email. */
async function autofill(page: Page, form: HTMLFormElement): Promise<void> {
  const signal = untilLeft();
  try {
    await page.enter(await page.client.loginWithPasskey({ autofill: true, signal }));
  } catch (error) {
    // The browser has no autofill, the button was pressed, or the view was left.
    if (error instanceof PasskeyError || Object(error).name === "AbortError") {
      return;
    }
    if (!isClientError(error)) {
      throw error;
    }
    form.querySelector("[role=alert]")!.textContent = failureText(error, form.querySelector("button")!.textContent!);
    if (error instanceof ApiError && error.fields.passkey) {
      await autofill(page, form);
    }
  }
}

function openSignUp(page: Page, email: string): void {
  show("sign-up");
  find<HTMLInputElement>("sign-up-email").value = email;
  const form = find<HTMLInputElement>("sign-up-email").form!;
  onSubmit(form, async () => page.openAccount(await page.client.register(valuesOf<NewUser>(form))));
  showPasswordRules(find("sign-up-password"));
  followLink("to-log-in", () => openGuest(page));
}
