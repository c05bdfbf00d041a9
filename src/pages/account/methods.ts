/** Ways in that the deployment has. */

import type { Latchkey, Methods } from "latchkey-client";
import { isClientError } from "./messages.js";

/** Function that reads them, once; `undefined` where they can't be read. */
export function methodsOf(client: Latchkey): () => Promise<Methods | undefined> {
  let found: Promise<Methods | undefined> | undefined;
  return () => {
    found ??= client.methods().catch((error) => {
      found = undefined;
      if (!isClientError(error)) {
        throw error;
      }
      return undefined;
    });
    return found;
  };
}
