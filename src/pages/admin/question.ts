/** Questions before each change: the dialog names the user. */

import type { AdminUser } from "latchkey-client";
import { find } from "../account/view.js";

export interface Question {
  heading: string;
  text: string;
  /** Text of the button that goes on. */
  yes: string;
  isDangerous?: boolean;
}

/** Has a button ask first. Both functions are called when it is pressed. */
export function asks(button: HTMLButtonElement, userOf: () => AdminUser, questionOf: () => Question): void {
  button.dataset.question = "ask";
  button.addEventListener("click", () => {
    const { heading, text, yes, isDangerous = false } = questionOf();
    const confirm = find("ask-yes");
    find("ask-heading").textContent = heading;
    find("ask-user").textContent = userOf().email;
    find("ask-text").textContent = text;
    confirm.textContent = yes;
    confirm.className = isDangerous ? "danger" : "primary";
  });
}
