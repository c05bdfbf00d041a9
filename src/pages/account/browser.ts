/** Features that not every browser has. */

import { memoryStorage, type TokenStorage, webStorage } from "latchkey-client";

/** Storage of the login, which a reload keeps, unless the browser denies it. All pages of the origin share it in a tab. */
export function tokenStorage(): TokenStorage {
  try {
    sessionStorage.setItem("latchkey.probe", "");
    sessionStorage.removeItem("latchkey.probe");
    return webStorage(sessionStorage);
  } catch {
    return memoryStorage();
  }
}

/** Tells whether the browser has passkeys. Pages without TLS have them on this machine alone. */
export function canUsePasskeys(): boolean {
  return globalThis.PublicKeyCredential !== undefined;
}
