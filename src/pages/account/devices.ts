/** The list of the devices on which the user is logged in, with a row for each session. */

import type { Latchkey, Session, SessionList } from "latchkey-client";
import type { onSubmit } from "./form.js";
import { isClientError } from "./messages.js";
import { newRow, removeRow } from "./rows.js";
import { capitalized, textsOf } from "./texts.js";
import { find } from "./view.js";

/** Number of changes that this page made to the sessions: a list from before one is out of date. */
let changes = 0;

/** Shows the list, and a new one after each `refreshDevices`. */
export function openDevices(client: Latchkey, onSubmitOfUser: typeof onSubmit): void {
  const list = find("devices");
  const form = find<HTMLFormElement>("look-up");
  onSubmitOfUser(form, async (button) => {
    try {
      let before: number;
      let found: SessionList;
      do {
        before = changes;
        found = await client.sessions();
      } while (before !== changes);
      button.hidden = true;
      if (list.isConnected) {
        showRows(found);
      }
    } catch (error) {
      // A list that is there stays: what it lacks happened elsewhere, and since.
      if (list.childElementCount > 0 && isClientError(error) && (await client.token()) !== null) {
        return;
      }
      button.hidden = false;
      throw error;
    }
  });
  refreshDevices();

  /** Keeps the rows that stay: one may have the focus, or wait for a response. */
  function showRows({ sessions, more }: SessionList): void {
    const rows = new Map(rowsOf(list).map((row) => [row.dataset.session, row]));
    const ids = new Set(sessions.map(({ id }) => id));
    rowsOf(list).forEach((row) => ids.has(row.dataset.session!) || remove(row));
    sessions.forEach((session, index) => {
      const row = rows.get(session.id) ?? rowOf(session);
      fillRow(row, session);
      if (list.children[index] !== row) {
        list.insertBefore(row, list.children[index] ?? null);
      }
    });
    showNote(sessions.length, more);
  }

  function rowOf({ id, current }: Session): HTMLElement {
    const row = newRow("device");
    const button = row.querySelector("button")!;
    row.dataset.session = id;
    if (current) {
      // As the button in the header, with its question.
      button.setAttribute("form", "leaving");
      button.addEventListener("click", () => (button.dataset.question = find("log-out-here").dataset.question ?? ""));
    } else {
      onSubmitOfUser(row.querySelector("form")!, () => endSession(row));
    }
    return row;
  }

  async function endSession(row: HTMLElement): Promise<void> {
    announce("");
    const hasEnded = await client.endSession(row.dataset.session!);
    if (list.isConnected) {
      remove(row);
      const name = row.querySelector("strong")!.textContent;
      announce(hasEnded ? `${name} is logged out.` : `${name} was logged out already.`);
      changes += 1;
      refreshDevices();
    }
  }
}

/** Asks for the list again, if a user is logged in. */
export function refreshDevices(): void {
  const form = document.querySelector<HTMLFormElement>("#look-up");
  form?.requestSubmit(form.querySelector("button"));
}

/** Removes all rows but the first, which is this device, after a form has logged the others out. */
export function removeOtherDevices(form: HTMLFormElement): void {
  if (form.isConnected) {
    rowsOf(find("devices")).slice(1).forEach(remove);
    changes += 1;
    refreshDevices();
  }
}

function rowsOf(list: HTMLElement): HTMLElement[] {
  return [...list.children] as HTMLElement[];
}

function fillRow(row: HTMLElement, session: Session): void {
  const { name, details } = textsOf(session);
  row.querySelector("strong")!.textContent = name;
  row.querySelector("bdi")!.textContent = capitalized(details);
  row.querySelector<HTMLElement>(".mark")!.hidden = !session.current;
  const label = [`Log out ${name}`, details, session.current ? "this device" : ""];
  row.querySelector("button")!.ariaLabel = label.filter(Boolean).join(", ");
}

function remove(row: HTMLElement): void {
  removeRow(row);
  showNote(find("devices").childElementCount, false);
}

function showNote(count: number, more: boolean): void {
  const alone = count > 1 ? "" : "You are logged in nowhere else.";
  find("devices-note").textContent = more ? `You are logged in on more devices. These ${count} were seen last.` : alone;
}

/** Announces a result, in the place of that of "Log out other devices". */
function announce(text: string): void {
  find("sessions").querySelector("[role=status]")!.textContent = text;
}
