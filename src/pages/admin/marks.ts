/** Marks of a user: what sets them apart from others. */

import type { AdminUser } from "latchkey-client";

/** Shows the marks of a user in an element. */
export function showMarks(element: HTMLElement, user: AdminUser): void {
  const marks = [
    [!user.active, "Deactivated"],
    [user.superuser, "Superuser"],
    [user.staff && !user.superuser, "Staff"],
    [!user.verified, "Email not verified"],
  ] as const;
  const shown = marks.filter(([isShown]) => isShown).map(([, text]) => markOf(text));
  element.replaceChildren(...shown);
}

function markOf(text: string): HTMLElement {
  const mark = document.createElement("span");
  mark.className = "mark";
  mark.textContent = text;
  return mark;
}
