/** Rows of a user's page that end a way in: a session, an authenticator app, a passkey. */

import { type Credential, NotFoundError, type SessionList } from "latchkey-client";
import { newRow, removeRow } from "../account/rows.js";
import { capitalized, textsOf } from "../account/texts.js";
import { day } from "../account/time.js";
import { find } from "../account/view.js";
import type { Console } from "./page.js";
import { asks, type Question } from "./question.js";
import { limitActions, type Subject } from "./subject.js";

interface Way {
  name: string;
  details: string;
  /** Text of the button, and of its progress. */
  action: [string, string];
  /** Flag of who may do it. */
  for: "staff" | "superuser";
  question: Question;
  end(): Promise<unknown>;
  /** Goes on after that, with the row gone. */
  done(): void;
}

/** Shows the sessions of a user, and gives the function that reads them again. */
export function openSessions(page: Console, subject: Subject, reloadEvents: () => void): () => void {
  const { admin } = page;
  const { id } = subject;
  const rows = find("sessions");
  const form = find<HTMLFormElement>("look-up-sessions");
  const announce = (text: string) => (form.querySelector("[role=status]")!.textContent = text);
  page.on(form, async (button) => {
    let found: SessionList;
    try {
      found = await admin.sessions(id);
    } catch (error) {
      if (error instanceof NotFoundError) {
        return; // there is no such user
      }
      button.hidden = false;
      throw error;
    }
    button.hidden = true;
    rows.replaceChildren(...found.sessions.map(rowOfSession));
    if (rows.isConnected) {
      limitActions(page, subject);
    }
    if (found.more) {
      return `There are more. These ${found.sessions.length} were seen last.`;
    }
    return found.sessions.length === 0 ? "They are logged in nowhere." : "";
  });

  function rowOfSession(session: SessionList["sessions"][number]): HTMLElement {
    const { name, details } = textsOf(session);
    const row = rowOf(page, subject, find("sessions-heading"), {
      name,
      details,
      action: ["End", "Ending the session…"],
      for: "staff",
      question: {
        heading: "End this session?",
        text: `${[name, details].filter(Boolean).join(", ")}: it is logged out at once.`,
        yes: "End it",
      },
      end: () => admin.endSession(id, session.id),
      done() {
        announce(`${name} is logged out.`);
        reloadEvents();
      },
    });
    row.querySelector<HTMLElement>(".mark")!.hidden = !session.current;
    return row;
  }

  const reload = () => form.requestSubmit(form.querySelector("button"));
  reload();
  return reload;
}

/** Shows the ways in that a user has beside sessions. */
export function showCredentials(page: Console, subject: Subject, reloadEvents: () => void): void {
  const { credentials } = subject.user!.methods;
  const kept = credentials.filter(({ type }) => type !== "recovery");
  const rows = kept.map((credential) =>
    rowOf(page, subject, find("ways-heading"), {
      ...textsOfCredential(credential),
      action: ["Remove", "Removing…"],
      for: "superuser",
      question: questionOf(credential),
      end: () => page.admin.removeCredential(subject.id, credential.id),
      done() {
        const { methods } = subject.user!;
        const left = methods.credentials.filter(
          ({ id, type }) => id !== credential.id && (type !== "recovery" || credential.type !== "totp"),
        );
        subject.user = { ...subject.user!, methods: { ...methods, credentials: left } };
        showState(subject);
        find("credentials-note").textContent = `${textsOfCredential(credential).name} is removed.`;
        reloadEvents();
      },
    }),
  );
  find("credentials").replaceChildren(...rows);
  showState(subject);
  limitActions(page, subject);
}

function showState({ user }: Subject): void {
  const { password, credentials } = user!.methods;
  const left = credentials.filter(({ type, used }) => type === "recovery" && used === null).length;
  const hasApp = credentials.some(({ type }) => type === "totp");
  find("password-state").textContent = [
    password ? "They have a password." : "They have no password.",
    hasApp ? `Recovery codes left: ${left}.` : "",
  ].join(" ");
}

function textsOfCredential({ type, name, created, used }: Credential): { name: string; details: string } {
  const last = used === null ? "not used yet" : `last used ${day(new Date(used))}`;
  return {
    name: type === "totp" ? "Authenticator app" : `Passkey ${name}`,
    details: `added ${day(new Date(created))}, ${last}`,
  };
}

function questionOf({ type, name }: Credential): Question {
  const isApp = type === "totp";
  return {
    heading: isApp ? "Remove the authenticator app?" : "Remove the passkey?",
    text: isApp
      ? "Their password alone logs them in then, and their recovery codes stop working."
      : `They can’t log in with “${name}” any more.`,
    yes: "Remove",
    isDangerous: true,
  };
}

function rowOf({ on }: Console, subject: Subject, heading: HTMLElement, way: Way): HTMLElement {
  const row = newRow("way-row");
  const form = row.querySelector("form")!;
  const button = form.querySelector("button")!;
  const [name, details] = row.querySelectorAll("bdi");
  name!.textContent = way.name;
  details!.textContent = capitalized(way.details);
  [button.textContent, button.dataset.progress] = way.action;
  button.ariaLabel = [way.action[0], way.name, way.details].filter(Boolean).join(", ");
  button.dataset.for = way.for;
  asks(
    button,
    () => subject.user!,
    () => way.question,
  );
  on(form, async () => {
    await way.end();
    if (row.isConnected) {
      removeRow(row, heading);
      way.done();
    }
  });
  return row;
}
