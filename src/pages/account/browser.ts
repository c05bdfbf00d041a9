/** Features that not every browser has. */

/** Tells whether the browser has passkeys. Pages without TLS have them on this machine alone. */
export function canUsePasskeys(): boolean {
  return globalThis.PublicKeyCredential !== undefined;
}
