/** The user whose page is shown, and what may be done to them. */

import type { AdminUserWithMethods } from "latchkey-client";
import type { Console } from "./page.js";

export interface Subject {
  id: number;
  /** As they were read or changed last; `undefined` before that. */
  user: AdminUserWithMethods | undefined;
  /** Shows what a change has done, and what follows from it. */
  show(changed: Partial<AdminUserWithMethods>): void;
}

/** Hides the actions in the view that this caller may not take, and gives the reason. */
export function limitActions({ me }: Console, { id, user }: Subject): string {
  const isOwn = id === me.id;
  const isOfStaff = user !== undefined && (user.staff || user.superuser);
  const mayChange = user !== undefined && !isOwn && (me.superuser || !isOfStaff);
  const may: Record<string, boolean> = { staff: mayChange, superuser: mayChange && me.superuser };
  for (const action of document.querySelectorAll<HTMLElement>("#view [data-for]")) {
    action.hidden = !may[action.dataset.for!];
  }
  if (isOwn) {
    return "This is you: nobody changes themself here. Your account page does that.";
  }
  if (!mayChange) {
    return "This is a member of staff, whom only superusers change.";
  }
  return me.superuser ? "" : "Only superusers change emails and roles, remove second factors, and erase users.";
}
