/** The part of the account that asks to confirm an email: the one in force, or a new one that waits. */

import { type CredentialList, joinCode, type Latchkey, type Mail } from "latchkey-client";
import { keepEdits } from "./draft.js";
import { valuesOf } from "./form.js";
import { onSendAgain } from "./mail.js";
import { isClientError } from "./messages.js";
import type { Page } from "./page.js";
import { find } from "./view.js";
import { showCodeEnd, waitForNextMail } from "./wait.js";

/** Tells whether the deployment sends mail. */
let isOn = false;
/** State of the user's email, once it is known. */
let email: CredentialList["email"] | undefined;
/** The last mail that this page asked for, to the address that is to be confirmed: its code can be typed here. */
let mailId: string | undefined;
/** Counts reads of the state: one that arrives after a later one is out of date. */
let reads = 0;

/** Shows that part if the deployment sends mail, and there is something to confirm. */
export async function openVerification(page: Page, mail?: Mail): Promise<void> {
  const section = find("verification");
  email = undefined;
  mailId = undefined;
  isOn = false;
  showEffect();
  isOn = (await page.methods())?.reset ?? false;
  if (!isOn || !section.isConnected) {
    return;
  }
  showEffect();
  const { client, openAccount, onSubmitOfUser } = page;
  const done = async (user: Parameters<typeof openAccount>[0], notice: string) => {
    if (section.isConnected) {
      keepEdits();
      await openAccount(user, notice);
    }
  };

  const form = find<HTMLFormElement>("by-code");
  onSubmitOfUser(form, async () => {
    const { secret } = valuesOf<{ secret: string }>(form);
    await done(await client.verifyEmail(joinCode(mailId!, secret)), "Your email is confirmed.");
  });
  onSendAgain(() => client.requestEmailVerification(), useMail, onSubmitOfUser);
  onSubmitOfUser(find<HTMLFormElement>("cancel-change"), async () => {
    const { address } = email!;
    await done(await client.update({ email: address }), `Your email stays ${address}.`);
  });
  find("profile-password-hint").textContent =
    "Needed to change your email. You confirm a new one with a mail that we send to it.";
  await readState(client, section);
  if (mail !== undefined && section.isConnected) {
    announceMail(mail);
  }
}

/** Brings that part up to date, where it is: after a change of the email, with its mail, or what may have happened elsewhere. */
export async function showVerification(client: Latchkey, mail?: Mail): Promise<void> {
  const section = find("verification");
  if (section === null || !isOn) {
    return;
  }
  await readState(client, section);
  if (mail !== undefined && section.isConnected) {
    announceMail(mail);
    find("verification-heading").focus();
  }
}

async function readState(client: Latchkey, section: HTMLElement): Promise<void> {
  reads += 1;
  const read = reads;
  try {
    const state = (await client.credentials()).email;
    if (read === reads && section.isConnected) {
      showState(section, state);
    }
  } catch (error) {
    if (!isClientError(error)) {
      throw error; // the others are those of the connection, or of a session that has ended: the next request tells
    }
  }
}

function showState(section: HTMLElement, state: CredentialList["email"]): void {
  const { address, verified, pending } = state;
  if ((pending ?? address) !== (email?.pending ?? email?.address)) {
    mailId = undefined;
    find("by-code").hidden = true;
  }
  email = state;
  showEffect();
  const isChange = pending !== null;
  section.hidden = verified && !isChange;
  find("verification-heading").textContent = isChange ? "Confirm your new email" : "Confirm your email";
  find("unconfirmed").hidden = isChange;
  find("changing").hidden = find("cancel-change").hidden = !isChange;
  find("pending-address").textContent = pending ?? "";
  section.querySelectorAll(".address-in-force").forEach((element) => (element.textContent = address));
}

/** Shows the field for the code of a mail that was just sent. */
function announceMail(mail: Mail): void {
  useMail(mail);
  showCodeEnd(find("code-hint"), mail.expires);
  waitForNextMail(find("send-again"), Date.now());
}

function useMail({ id }: Mail): void {
  mailId = id;
  find("by-code").hidden = false;
}

/** Tells what a change of the email does, in the question before it: after "You will log in with" the new one. */
function showEffect(): void {
  let text = "from now on. Nothing is sent to it: check that it is right.";
  if (isOn) {
    text = email?.verified
      ? "once you have confirmed it: we send a mail to it. Until then you log in with your present email."
      : "from now on. We send a mail to it, with which you confirm it: check that it is right.";
  }
  find("email-effect").textContent = text;
}
