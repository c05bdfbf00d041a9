/** The second step after a right proof: a code or a passkey, in a view of its own, and in the dialog of `proof.ts`. */

import { ApiError, type SecondStep, type User } from "latchkey-client";
import { canUsePasskeys } from "./browser.js";
import { type onSubmit, showFieldError, valuesOf } from "./form.js";
import type { Page } from "./page.js";
import { find, followLink, show } from "./view.js";

type Kind = "totp" | "recovery";

/** Texts of the field, by the kind of code. */
const TEXTS = {
  totp: {
    lead: "Enter the code that your authenticator app shows.",
    label: "Code from the app",
    other: "Use a recovery code instead",
  },
  recovery: {
    lead: "Enter one of the recovery codes that you kept. Each works once.",
    label: "Recovery code",
    other: "Use your app instead",
  },
};

interface Steps {
  /** Goes on with the user, who has proved themself. */
  done(user: User): Promise<void>;
  /** Begins again with the first proof: the time is over, or there were too many tries. */
  again(notice: string): void;
}

/** Opens the view after a log-in that needs a second step. */
export function openSecondStep(page: Page, step: SecondStep, on: typeof onSubmit): void {
  show("second-step");
  showFactor(find("factor-here"), page, step, on, {
    done: (user) => page.enter(user),
    again: (notice) => void page.open({ notice }),
  });
  find("factor-code").focus();
  followLink("to-log-in", () => page.open());
}

/** Shows the forms for a second factor in an element. */
export function showFactor(
  place: HTMLElement,
  { client }: Pick<Page, "client">,
  step: SecondStep,
  on: typeof onSubmit,
  { done, again }: Steps,
): void {
  place.replaceChildren(find<HTMLTemplateElement>("factor").content.cloneNode(true));
  const form = find<HTMLFormElement>("by-factor");
  const field = find<HTMLInputElement>("factor-code");
  const other = find<HTMLButtonElement>("other-factor");
  const { types } = step.factor;
  let kind: Kind = "totp";
  use(kind);
  other.hidden = !types.includes("recovery");
  other.addEventListener("click", () => {
    use(kind === "totp" ? "recovery" : "totp");
    field.value = "";
    showFieldError(field, "");
    form.querySelector("[role=alert]")!.textContent = "";
    field.focus();
  });
  on(form, () => finish(() => client.takeSecondStep(step, valuesOf<{ code: string }>(form))));
  const byPasskey = find<HTMLFormElement>("factor-by-passkey");
  byPasskey.hidden = !types.includes("passkey") || !canUsePasskeys();
  on(byPasskey, () => finish(() => client.takeSecondStep(step, { passkey: true })));

  function use(chosen: Kind): void {
    kind = chosen;
    const texts = TEXTS[kind];
    find("factor-lead").textContent = texts.lead;
    field.labels![0]!.textContent = texts.label;
    field.inputMode = kind === "totp" ? "numeric" : "text";
    field.autocomplete = kind === "totp" ? "one-time-code" : "off";
    other.textContent = texts.other;
  }

  async function finish(take: () => Promise<User>): Promise<void> {
    let user: User;
    try {
      user = await take();
    } catch (error) {
      if (!(error instanceof ApiError && error.fields.secret)) {
        throw error;
      }
      if (form.isConnected) {
        again("That took too long, or there were too many wrong codes. Please begin again.");
      }
      return;
    }
    if (form.isConnected) {
      await done(user);
    }
  }
}
