/** The dialog for a new proof, where the API wants a recent one of who uses the session. */

import type { PasskeyProof, PasswordProof, UserOrStep } from "latchkey-client";
import { canUsePasskeys } from "./browser.js";
import { showFactor } from "./factor.js";
import { showFieldError, valuesOf } from "./form.js";
import type { Page } from "./page.js";
import { find } from "./view.js";

/** Has the dialog's forms prove who the user is. */
export async function openProof(page: Pick<Page, "client" | "methods" | "onSubmitOfUser">): Promise<void> {
  const form = find<HTMLFormElement>("proof");
  const byPasskey = find<HTMLFormElement>("proof-by-passkey");
  const dialog = form.closest("dialog")!;
  /** The dialog's forms; a session that has ended closes it. */
  const on: Page["onSubmitOfUser"] = (form, send) =>
    page.onSubmitOfUser(form, async (button) => {
      try {
        return await send(button);
      } catch (error) {
        if ((await page.client.token()) === null) {
          dialog.close();
        }
        throw error;
      }
    });
  const prove = async (proof: PasswordProof | PasskeyProof) => {
    const result: UserOrStep = await page.client.reauthenticate(proof);
    if (!dialog.open) {
      return; // cancelled, or left, meanwhile
    }
    if (!result.factor) {
      dialog.close("yes");
      return;
    }
    find("first-proof").hidden = true;
    showFactor(find("second-proof"), page, result, on, {
      done: async () => dialog.close("yes"),
      again(notice) {
        reset();
        form.querySelector("[role=alert]")!.textContent = notice;
        find("proof-password").focus();
      },
    });
    find("factor-code").focus();
  };
  on(form, () => prove(valuesOf<PasswordProof>(form)));
  on(byPasskey, () => prove({ passkey: true }));
  find("no-proof").onclick = () => dialog.close();
  byPasskey.hidden = !(await page.methods())?.passkey || !canUsePasskeys();
}

/** Asks for it, and tells whether the user has proved themself. */
export async function renewProof(): Promise<boolean> {
  const dialog = find("proof").closest("dialog")!;
  reset();
  dialog.returnValue = ""; // which Escape leaves as it is
  dialog.showModal();
  dialog.querySelector<HTMLElement>("form:not([hidden]) :is(input, button)")!.focus();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  reset();
  return dialog.returnValue === "yes";
}

/** Brings the dialog back to the first proof, with nothing typed or shown. */
function reset(): void {
  const form = find<HTMLFormElement>("proof");
  if (form === null) {
    return; // the view was left
  }
  find("first-proof").hidden = false;
  find("second-proof").replaceChildren();
  for (const each of form.closest("dialog")!.querySelectorAll("form")) {
    each.reset();
    each.querySelector("[role=alert]")!.textContent = "";
  }
  showFieldError(find<HTMLInputElement>("proof-password"), "");
}
