/** Unsaved edits of the profile: they outlive an ended session, until the same user logs in again. */

import { decodeToken, type User } from "latchkey-client";
import { type Field, fieldsOf, hasChanged } from "./form.js";

interface Draft {
  userId: unknown;
  values: Map<string, string>;
}

/** Form of the user who is, or was last, logged in. */
let form: HTMLFormElement | undefined;
let userId: unknown;
let draft: Draft | undefined;

/** Edited fields. The proof of a new email is no edit: a password is never kept. */
const edits = (): Field[] => (form?.isConnected ? fieldsOf(form).filter(isEdit) : []);
const isEdit = (field: Field) => field.type !== "password" && hasChanged(field);

export function hasEdits(): boolean {
  return edits().length > 0;
}

/** Keeps the edits of a session that has ended. */
export function keepEdits(): void {
  if (hasEdits()) {
    draft = { userId, values: new Map(edits().map(({ name, value }) => [name, value])) };
  }
}

/** Brings the edits back into a user's form, if they are theirs, and forgets them. Tells whether it has some. */
export function restoreEdits(profile: HTMLFormElement, user: User): boolean {
  const kept = draft;
  form = profile;
  userId = decodeToken(user.token)?.id;
  draft = undefined;
  if (kept === undefined || kept.userId !== userId) {
    return false;
  }
  fieldsOf(profile).forEach((field) => (field.value = kept.values.get(field.name) ?? field.value));
  return hasEdits();
}

addEventListener("beforeunload", (event) => {
  if (hasEdits() || draft) {
    event.preventDefault(); // the browser asks
  }
});
