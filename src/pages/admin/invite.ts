/** The invitation of a user. */

import type { Invitation } from "latchkey-client";
import { valuesOf } from "../account/form.js";
import { find } from "../account/view.js";
import type { Console } from "./page.js";

/** Shows the form, if the deployment sends mail. `done` goes on with the new user's id. */
export async function openInvite(page: Console, done: (id: number, notice: string) => void): Promise<void> {
  page.open("invite");
  const form = find<HTMLInputElement>("invite-email").form!;
  page.on(form, async () => {
    const { id, email } = await page.admin.invite(valuesOf<Invitation>(form));
    if (form.isConnected) {
      done(id, `An invitation to ${email} is on its way.`);
    }
  });
  if ((await page.methods())?.reset === false && form.isConnected) {
    page.open("no-invite", "invite");
  }
}
