/** The password again, where the API wants a recent proof of who uses the session. */

import { showFieldError } from "./form.js";
import { find } from "./view.js";

/** Asks for it, and tells whether the user has proved themself. */
export async function renewProof(): Promise<boolean> {
  const form = find<HTMLFormElement>("proof");
  const dialog = form.closest("dialog")!;
  form.reset();
  showFieldError(find<HTMLInputElement>("proof-password"), "");
  form.querySelector("[role=alert]")!.textContent = "";
  find("no-proof").onclick = () => dialog.close();
  dialog.returnValue = ""; // which Escape leaves as it is
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  form.reset();
  return dialog.returnValue === "yes";
}
