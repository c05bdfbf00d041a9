/** Mails with a link and a code, which guests ask for: a new password, or a log-in. */

import { ApiError, joinCode, type LinkSecret, type Mail } from "latchkey-client";
import { onSubmit, valuesOf } from "./form.js";
import type { Page } from "./page.js";
import { showPasswordRules } from "./rules.js";
import { find, followLink, show } from "./view.js";
import { isWaiting, showCodeEnd, startWait, waitForNextMail } from "./wait.js";

/** Addresses of the views that ask for such a mail, by its purpose. */
export const PATHS = { reset: "/forgot-password", sign_in: "/log-in-by-mail" } as const;

export type GuestPurpose = keyof typeof PATHS;

export function isGuestPurpose(purpose: string): purpose is GuestPurpose {
  return purpose in PATHS;
}

export function purposeOfPath(path: string): GuestPurpose | undefined {
  return Object.keys(PATHS).find((purpose): purpose is GuestPurpose => PATHS[purpose as GuestPurpose] === path);
}

/** Shows the form that asks for a mail. */
export function openRequest(page: Page, purpose: GuestPurpose, email: string): void {
  show(`ask-${purpose}`);
  const field = find<HTMLInputElement>("ask-email-address");
  field.value = email;
  onSubmit(field.form!, async () => {
    const asked = Date.now();
    const mail = await request(page, purpose, field.value);
    if (field.isConnected) {
      openCode(page, purpose, field.value, mail, asked);
    }
  });
  followLink("to-log-in", () => page.open());
}

/** Shows the field for the code. Whether anyone has the address is not said: the API doesn't tell. */
function openCode(page: Page, purpose: GuestPurpose, email: string, mail: Mail, asked: number): void {
  show(`code-${purpose}`);
  const form = find<HTMLFormElement>("by-code");
  const password = find<HTMLInputElement>("code-password");
  find("mailed-to").textContent = email.trim();
  let { id } = mail;
  onSubmit(form, async () => {
    const values = valuesOf<{ secret: string; password: string }>(form);
    await redeem(page, purpose, { ...values, email, secret: joinCode(id, values.secret) });
  });
  if (password !== null) {
    find<HTMLInputElement>("code-owner").value = email;
    void showPasswordRules(password);
  }
  onSendAgain(
    () => request(page, purpose, email),
    (mail) => (id = mail.id),
    onSubmit,
  );
  showCodeEnd(find("code-hint"), mail.expires);
  waitForNextMail(find("send-again"), asked);
  followLink("to-log-in", () => page.open({ email }));
}

function request({ client }: Page, purpose: GuestPurpose, email: string): Promise<Mail> {
  return purpose === "reset" ? client.requestPasswordReset(email) : client.requestSignIn(email);
}

interface Redemption {
  secret: string;
  /** New password, where the mail is for that. */
  password: string;
  /** Address, if it is known. */
  email?: string;
}

/** Redeems a secret, of a link or a code. */
export async function redeem(
  page: Page,
  purpose: Exclude<LinkSecret["purpose"], "verification">,
  { secret, password, email = "" }: Redemption,
): Promise<void> {
  if (purpose === "sign_in") {
    await page.enter(await page.client.login({ secret }));
    return;
  }
  await page.client.resetPassword({ secret, password });
  history.replaceState(null, "", "/log-in");
  const notice =
    purpose === "invitation"
      ? "Your password is set. Log in with it."
      : "Your new password is set, and you are logged out everywhere. Log in with it.";
  await page.open({ email, notice });
}

/** Has the button that sends a mail again do so, unless it has to wait. A new mail's code is the one to type from then on. */
export function onSendAgain(send: () => Promise<Mail>, use: (mail: Mail) => void, on: typeof onSubmit): void {
  const button = find<HTMLButtonElement>("send-again");
  on(button.form!, async () => {
    if (isWaiting(button)) {
      return "Please wait.";
    }
    const asked = Date.now();
    try {
      const mail = await send();
      if (!button.isConnected) {
        return;
      }
      use(mail);
      waitForNextMail(button, asked);
      showCodeEnd(find("code-hint"), mail.expires);
      return "Another mail is on its way. Only use the newest.";
    } catch (error) {
      if (!(error instanceof ApiError && error.retryAfter) || !button.isConnected) {
        throw error;
      }
      startWait(button, Date.now() + error.retryAfter * 1000);
      return "Please wait.";
    }
  });
}
