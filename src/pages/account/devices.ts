/** The list of the devices on which the user is logged in, with a row for each session. */

import type { Latchkey, Session, SessionList } from "latchkey-client";
import type { onSubmit } from "./form.js";
import { isClientError } from "./messages.js";
import { day, LOCALE } from "./time.js";
import { find } from "./view.js";

const countries = new Intl.DisplayNames(LOCALE, { type: "region" });

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
    rowsOf(list).forEach((row) => ids.has(row.dataset.session!) || removeRow(row));
    sessions.forEach((session, index) => {
      const row = rows.get(session.id) ?? newRow(session);
      fillRow(row, session);
      if (list.children[index] !== row) {
        list.insertBefore(row, list.children[index] ?? null);
      }
    });
    showNote(sessions.length, more);
  }

  function newRow({ id, current }: Session): HTMLElement {
    const template = find<HTMLTemplateElement>("device").content.cloneNode(true) as DocumentFragment;
    const row = template.querySelector("li")!;
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
      removeRow(row);
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
    rowsOf(find("devices")).slice(1).forEach(removeRow);
    changes += 1;
    refreshDevices();
  }
}

function rowsOf(list: HTMLElement): HTMLElement[] {
  return [...list.children] as HTMLElement[];
}

function fillRow(row: HTMLElement, { agent, place, seen, current }: Session): void {
  const name = agent ?? "Unknown device";
  const where = place === null ? "" : placeName(place);
  const when = current ? "" : `last seen ${day(new Date(seen))}`;
  const details = [where, when].filter(Boolean).join(", ");
  row.querySelector("strong")!.textContent = name;
  row.querySelector("bdi")!.textContent = details.charAt(0).toUpperCase() + details.slice(1);
  row.querySelector<HTMLElement>(".mark")!.hidden = !current;
  const label = [`Log out ${name}`, details, current ? "this device" : ""];
  row.querySelector("button")!.ariaLabel = label.filter(Boolean).join(", ");
}

/** "Berlin, Germany" for "Berlin, DE". */
function placeName(place: string): string {
  return place.replace(/\b[A-Z]{2}$/, (code) => countries.of(code) ?? code);
}

/** Removes a row. The focus goes to the next row, and not to its button: a key pressed once more ends no other session. */
function removeRow(row: HTMLElement): void {
  const next = (row.nextElementSibling ?? row.previousElementSibling) as HTMLElement | null;
  const hasFocus = row.contains(document.activeElement);
  row.remove();
  if (hasFocus) {
    next?.focus();
  }
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
