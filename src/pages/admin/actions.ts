/** Changes of a user by staff. */

import type { AdminUser, StaffPatch } from "latchkey-client";
import { showFieldError } from "../account/form.js";
import { find } from "../account/view.js";
import type { Console } from "./page.js";
import { asks, type Question } from "./question.js";
import type { Subject } from "./subject.js";
import { choose } from "./users.js";

type Role = "none" | "staff" | "superuser";

/** Flags of each role, and what it means. A superuser without the flag of staff could not use this page. */
const ROLES: Record<Role, { flags: StaffPatch; name: string; text: string }> = {
  none: {
    flags: { staff: false, superuser: false },
    name: "a user like others",
    text: "They can’t use this page then.",
  },
  staff: {
    flags: { staff: true, superuser: false },
    name: "staff",
    text: "They can look after users then, once they have a second factor.",
  },
  superuser: {
    flags: { staff: true, superuser: true },
    name: "a superuser",
    text: "They can do everything here then, to you too, once they have a second factor.",
  },
};

/** Has the forms of a user's page work. `reopen` shows the page again, with a notice. */
export function openActions(page: Console, subject: Subject, reopen: (notice: string) => void): void {
  const { admin } = page;
  const userOf = () => subject.user!;

  /** Has a form make a change once its question is answered. The text is announced. */
  function act(id: string, questionOf: () => Question, send: () => Promise<string>): void {
    const form = find<HTMLFormElement>(id);
    asks(form.querySelector("button")!, userOf, questionOf);
    page.on(form, send);
  }
  const change = async (patch: StaffPatch) => subject.show(await admin.change(subject.id, patch));

  const username = find<HTMLInputElement>("rename-username");
  act(
    "rename",
    () => ({ heading: "Rename this user?", text: `New username: ${username.value.trim()}`, yes: "Rename" }),
    async () => {
      await change({ username: username.value });
      username.value = "";
      return "The user is renamed.";
    },
  );

  const email = find<HTMLInputElement>("change-email-email");
  act(
    "change-email",
    () => ({
      heading: "Change their email?",
      text: `New email: ${email.value.trim()}. It is not verified then, and all of their sessions end.`,
      yes: "Change email",
    }),
    async () => {
      await change({ email: email.value });
      email.value = "";
      return "The email is changed.";
    },
  );

  act(
    "reset",
    () => ({
      heading: "Send a password reset?",
      text: "They are sent a mail, whose link sets a new password. Until they use it, nothing changes.",
      yes: "Send it",
    }),
    async () => {
      await admin.requestPasswordReset(subject.id);
      subject.show({});
      return "The mail is on its way.";
    },
  );

  act(
    "end-sessions",
    () => ({
      heading: "End all of their sessions?",
      text: "They are logged out everywhere, and the links of mails that they were sent stop working.",
      yes: "End all",
    }),
    async () => {
      await admin.endSessions(subject.id);
      subject.show({});
      return "All sessions have ended.";
    },
  );

  act(
    "activation",
    () =>
      userOf().active
        ? {
            heading: "Deactivate this user?",
            text: "They are logged out everywhere and can’t log in, until they are activated again. Their data stays.",
            yes: "Deactivate",
            isDangerous: true,
          }
        : { heading: "Activate this user?", text: "They can log in again.", yes: "Activate" },
    async () => {
      const active = !userOf().active;
      await change({ active });
      return active ? "The user is activated." : "The user is deactivated.";
    },
  );

  const role = () => ROLES[find<HTMLSelectElement>("role-name").value as Role];
  act(
    "role",
    () => ({ heading: `Make them ${role().name}?`, text: role().text, yes: "Change role" }),
    async () => {
      await change(role().flags);
      return "The role is changed.";
    },
  );

  const confirmation = find<HTMLInputElement>("erase-email");
  const isConfirmed = () => confirmation.value.trim() === userOf().email;
  const erase = confirmation.form!.querySelector("button")!;
  act(
    "erase",
    () => ({
      heading: "Erase this user?",
      text: "They and their data are deleted, and nobody can undo it.",
      yes: "Erase",
      isDangerous: true,
    }),
    async () => {
      if (!isConfirmed()) {
        showFieldError(confirmation, "Type the email of this user.");
        confirmation.focus();
        return "";
      }
      await admin.erase(subject.id);
      reopen(`${userOf().email} is erased.`);
      return "";
    },
  );
  erase.addEventListener("click", () => (erase.dataset.question = isConfirmed() ? "ask" : ""));
}

/** Shows what the actions have to do with the state of a user. */
export async function showActions(page: Console, user: AdminUser): Promise<void> {
  const button = find("activation").querySelector("button")!;
  const note = find("no-reset");
  button.textContent = user.active ? "Deactivate…" : "Activate…";
  button.classList.toggle("danger", user.active);
  choose(find("role-name"), roleOf(user));
  const hasMail = (await page.methods())?.reset ?? true;
  find("reset-part").hidden = !(hasMail && user.active);
  note.hidden = hasMail && user.active;
  note.textContent = hasMail ? "A deactivated user is sent no reset." : "This site sends no mail, so no reset either.";
}

function roleOf({ staff, superuser }: AdminUser): Role {
  if (superuser) {
    return "superuser";
  }
  return staff ? "staff" : "none";
}
