/** The part of the account with the user's passkeys: a row for each. */

import type { Credential, CredentialList } from "latchkey-client";
import type { Credentials } from "./credentials.js";
import { showFieldError, valuesOf } from "./form.js";
import type { Page } from "./page.js";
import { newRow, removeRow } from "./rows.js";
import { day } from "./time.js";
import { find } from "./view.js";

/** Has the form that adds one work. */
export function openPasskeys({ client, onSubmitOfUser }: Page, credentials: Credentials): void {
  const form = find<HTMLFormElement>("add-passkey");
  onSubmitOfUser(form, async () => {
    const { name } = await client.addPasskey(valuesOf<{ name: string }>(form).name);
    if (form.isConnected) {
      form.reset();
      await credentials.refresh();
    }
    return `The passkey ${name} is added.`;
  });
}

/** Shows the list. Rows that stay are kept: one may have the focus, or wait for a response. */
export function showPasskeys(page: Page, credentials: Credentials, list: CredentialList): void {
  const rows = find("passkey-list");
  const passkeys = list.credentials.filter(({ type }) => type === "passkey");
  const ids = new Set(passkeys.map(({ id }) => String(id)));
  const known = new Map(([...rows.children] as HTMLElement[]).map((row) => [row.dataset.passkey, row]));
  known.forEach((row, id) => ids.has(id!) || removeRow(row, find("passkeys-heading")));
  passkeys.forEach((passkey, index) => {
    const row = known.get(String(passkey.id)) ?? rowOf(page, credentials, passkey);
    fillRow(row, passkey);
    if (rows.children[index] !== row) {
      rows.insertBefore(row, rows.children[index] ?? null);
    }
  });
  find("no-passkeys").hidden = passkeys.length > 0;
}

function rowOf({ client, onSubmitOfUser }: Page, credentials: Credentials, { id }: Credential): HTMLElement {
  const row = newRow("passkey-row");
  const [form, renaming] = row.querySelectorAll("form") as unknown as [HTMLFormElement, HTMLFormElement];
  const [rename, remove] = form.querySelectorAll("button") as unknown as [HTMLButtonElement, HTMLButtonElement];
  const field = renaming.querySelector("input")!;
  row.dataset.passkey = String(id);
  field.id = `passkey-name-${id}`;
  renaming.querySelector("label")!.htmlFor = field.id;
  renaming.querySelector(".error")!.id = `${field.id}-error`;
  field.setAttribute("aria-describedby", `${field.id}-error`);

  const edit = (isOn: boolean) => {
    form.hidden = isOn;
    renaming.hidden = !isOn;
    field.value = nameIn(row).textContent!;
    showFieldError(field, "");
    (isOn ? field : rename).focus();
  };
  rename.addEventListener("click", () => edit(true));
  renaming.querySelector("[type=button]")!.addEventListener("click", () => edit(false));
  onSubmitOfUser(renaming, async () => {
    const passkey = await client.renameCredential(id, field.value);
    if (row.isConnected) {
      fillRow(row, passkey);
      edit(false);
    }
  });

  remove.addEventListener("click", () => (find("removed-passkey").textContent = nameIn(row).textContent));
  onSubmitOfUser(form, async () => {
    await client.removeCredential(id);
    if (row.isConnected) {
      removeRow(row, find("passkeys-heading"));
      find("add-passkey").querySelector("[role=status]")!.textContent =
        `The passkey ${nameIn(row).textContent} is removed. Your device may still offer it: remove it there too.`;
      await credentials.refresh();
    }
  });
  return row;
}

function nameIn(row: HTMLElement): HTMLElement {
  return row.querySelector("bdi")!;
}

function fillRow(row: HTMLElement, { name, created, used }: Credential): void {
  nameIn(row).textContent = name;
  const last = used === null ? "not used yet" : `last used ${day(new Date(used))}`;
  row.querySelector(".device-details span")!.textContent = `Added ${day(new Date(created))}, ${last}`;
  for (const button of row.querySelectorAll<HTMLButtonElement>("form:first-child button")) {
    button.ariaLabel = `${button.textContent} the passkey ${name}`;
  }
}
