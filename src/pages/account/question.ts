/** Questions before what can't be taken back: the `<dialog>` that a button's `data-question` names. */

import { find } from "./view.js";

/** Tells whether a button may do its work: asks, if it has a question. */
export async function isConfirmed({ dataset: { question } }: HTMLButtonElement): Promise<boolean> {
  if (!question) {
    return true;
  }
  const dialog = find<HTMLDialogElement>(question);
  dialog.querySelectorAll("button").forEach((button) => (button.onclick = () => dialog.close(button.value)));
  dialog.returnValue = ""; // which Escape leaves as it is
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  return dialog.returnValue === "yes";
}
