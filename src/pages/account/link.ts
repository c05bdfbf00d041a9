/** A mailed link that was opened. Nothing is sent before its reader presses a button: mail scanners run scripts too. */

import { ApiError, type LinkSecret, readSecret, type UserWithMail } from "latchkey-client";
import { keepEdits } from "./draft.js";
import { onSubmit, valuesOf } from "./form.js";
import { openRequest, PATHS, redeem } from "./mail.js";
import type { Page } from "./page.js";
import { showPasswordRules } from "./rules.js";
import { find, show } from "./view.js";

/** Link whose address is to be confirmed once its user has logged in. It is nowhere but here. */
let waiting: LinkSecret | undefined;

const TEXTS = {
  reset: "It was used before, or is too old.",
  invitation: "It was used before, or is too old. You can have another mail sent, with which you choose a password.",
  sign_in: "It was used before, or is too old.",
  verification: "It was used before, is too old, or is for another account than the one that you are logged in with.",
  broken: "A part of it is missing. Open it from the mail once more, or copy all of it.",
};

/** Opens the link that the address has, whose secret leaves the address bar and the history first. Tells whether it has one. */
export function openLinkOf(page: Page): boolean {
  const { hash, pathname, search } = location;
  if (!/secret/.test(hash)) {
    return false;
  }
  history.replaceState(null, "", pathname + search);
  keepEdits();
  void openLink(page, readSecret(hash));
  return true;
}

/** Goes on after a log-in: with the link that waits for it, or to the account. */
export async function enter(page: Page, user: UserWithMail): Promise<void> {
  await (waiting === undefined ? page.openAccount(user) : openLink(page, waiting));
}

async function openLink(page: Page, link: LinkSecret | undefined): Promise<void> {
  if (link === undefined) {
    openDead(page, "broken");
    return;
  }
  const { purpose, secret } = link;
  if (purpose === "verification") {
    waiting = link;
    if ((await page.client.token()) === null) {
      page.openLogIn({ notice: "Log in to confirm your email." });
      return;
    }
  }
  show(`link-${purpose}`);
  const form = find<HTMLFormElement>("by-link");
  const password = find<HTMLInputElement>("link-password");
  if (password !== null) {
    void showPasswordRules(password);
  }
  const on = purpose === "verification" ? page.onSubmitOfUser : onSubmit;
  on(form, async () => {
    try {
      if (purpose !== "verification") {
        await redeem(page, purpose, { ...valuesOf<{ password: string }>(form), secret });
        return;
      }
      const user = await page.client.verifyEmail(secret);
      waiting = undefined;
      await page.openAccount(user, "Your email is confirmed.");
    } catch (error) {
      if (!(error instanceof ApiError && error.fields.secret)) {
        throw error;
      }
      waiting = undefined;
      openDead(page, purpose);
    }
  });
}

/** Says that a link does not work, and offers what its user can do instead. */
function openDead(page: Page, purpose: LinkSecret["purpose"] | "broken"): void {
  show("dead-link");
  find("dead-text").textContent = TEXTS[purpose];
  const form = find<HTMLFormElement>("after-dead-link");
  if (purpose === "broken") {
    form.querySelector("button")!.textContent = "Continue";
    onSubmit(form, () => page.open());
  } else if (purpose === "verification") {
    page.onSubmitOfUser(form, () => verifyAgain(page));
  } else {
    const asked = purpose === "invitation" ? "reset" : purpose; // who was invited sets the first password as another one
    onSubmit(form, async () => {
      history.pushState(null, "", PATHS[asked]);
      openRequest(page, asked, "");
    });
  }
}

/** Has another mail sent, if there is something to confirm, and shows that in the account. */
async function verifyAgain({ client, openAccount }: Page): Promise<void> {
  const user = await client.me();
  try {
    const mail = await client.requestEmailVerification();
    await openAccount({ ...user, mail }, "Another mail is on its way.");
  } catch (error) {
    if (!(error instanceof ApiError && error.fields.email)) {
      throw error;
    }
    await openAccount(user, "Your email is confirmed already.");
  }
}
