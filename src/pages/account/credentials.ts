/** The parts of the account with what the user logs in with beside the password, where the deployment has them. */

import type { CredentialList } from "latchkey-client";
import { canUsePasskeys } from "./browser.js";
import { isClientError } from "./messages.js";
import type { Page } from "./page.js";
import { openPasskeys, showPasskeys } from "./passkeys.js";
import { openTwoStep, showTwoStep } from "./two-step.js";
import { find } from "./view.js";

export interface Credentials {
  /** Credentials of the user, as they were read last. */
  list: CredentialList | undefined;
  /** Reads that again, and shows it. */
  refresh(): Promise<void>;
}

/** Shows those parts that the deployment has. */
export async function openCredentials(page: Page): Promise<void> {
  const section = find("two-step");
  const hasPasskeys = Boolean((await page.methods())?.passkey);
  const credentials: Credentials = { list: undefined, refresh };
  if (!section.isConnected) {
    return;
  }
  openTwoStep(page, credentials);
  openPasskeys(page, credentials);
  await refresh();

  async function refresh(): Promise<void> {
    let list: CredentialList;
    try {
      list = await page.client.credentials();
    } catch (error) {
      if (!isClientError(error)) {
        throw error;
      }
      return; // 404 where there are none; else the next request tells
    }
    if (section.isConnected) {
      credentials.list = list;
      section.hidden = false;
      find("passkeys").hidden = !hasPasskeys || !canUsePasskeys();
      showTwoStep(list);
      showPasskeys(page, credentials, list);
    }
  }
}
