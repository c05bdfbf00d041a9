/** What the views need of the page that shows them. */

import type { Latchkey, Methods, UserOrStep, UserWithMail } from "latchkey-client";
import type { onSubmit } from "./form.js";

export interface Page {
  client: Latchkey;
  /** The ways in that the deployment has; `undefined` where they can't be read. Asked for once. */
  methods(): Promise<Methods | undefined>;
  /** Shows what the address and the token ask for. */
  open(greeting?: Greeting): Promise<void>;
  openLogIn(greeting: Greeting): void;
  /** Goes on after a log-in: with its second step, the link that waits for it, or to the account. */
  enter(result: UserOrStep): Promise<void>;
  openAccount(user: UserWithMail, notice?: string): Promise<void>;
  /** Like `onSubmit`, for a user whose session may have ended. */
  onSubmitOfUser: typeof onSubmit;
  /** Shows the stored token, after a request that changed it. */
  showStoredToken(): Promise<void>;
}

/** What a view begins with: a notice, if the user needs the reason for it, and their email. */
export interface Greeting {
  notice?: string;
  email?: string;
}
