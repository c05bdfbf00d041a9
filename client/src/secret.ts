/** Single-use secrets, as mails have them: in the fragment of a link, or as a code to type. */

const LINK = /^#?purpose=(reset|invitation|verification|sign_in)&secret=([\w-]{22}\.[\w-]{43})$/;

export interface LinkSecret {
  /**
   * Tells who takes the secret: `reset` and `invitation`, which sets the first password, are for `resetPassword`,
   * `verification` for `verifyEmail`, `sign_in` for `login`.
   */
  purpose: "reset" | "invitation" | "verification" | "sign_in";
  secret: string;
}

/**
 * Reads the secret of a mailed link from its fragment, `location.hash`; `undefined` if that has none. Take it out of the
 * address bar then, and send it only when the user presses a button: programs that check mails open links too.
 */
export function readSecret(fragment: string): LinkSecret | undefined {
  const [, purpose, secret] = LINK.exec(fragment) ?? [];
  return secret === undefined ? undefined : { purpose: purpose as LinkSecret["purpose"], secret };
}

/** Makes a secret of a mail's `id` and the code that the user typed, however they spaced it. */
export function joinCode(id: string, code: string): string {
  return `${id}.${code.replace(/\s/g, "")}`;
}
