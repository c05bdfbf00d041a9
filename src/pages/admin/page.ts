/** Interface of the page to its views. */

import type { AdminUser, Latchkey, LatchkeyAdmin, Methods } from "latchkey-client";
import type { onSubmit } from "../account/form.js";

export interface Console {
  client: Latchkey;
  admin: LatchkeyAdmin;
  /** Member of staff who uses the page. */
  me: AdminUser;
  /** The ways in that the deployment has; `undefined` where they can't be read. Asked for once. */
  methods(): Promise<Methods | undefined>;
  /** Like `onSubmit`, for a member of staff whose session may have ended, or whose flags may have changed. */
  on: typeof onSubmit;
  /** Shows a view, with the links to the others. */
  open(view: string, section?: string): void;
}

/** A page of a list. */
export interface Part<T> {
  items: T[];
  next: string | null;
}
