/** Claims of a token (RFC 7519 section 4.1), with times in Unix seconds. */
export interface Claims {
  /** User id. */
  id: number;
  /** Expiry. */
  exp: number;
  /** Time of issue. */
  iat?: number;
  /** Session id. All tokens of a session end together. */
  sid?: string;
  /** Token version: the number of times that all of the user's sessions, or all others, have been ended. */
  ver?: number;
  /** Time of the session's last proof of who uses it. */
  auth_time?: number;
  /** Methods of that proof (RFC 8176): `pwd` for a password. */
  amr?: string[];
}

/** Reads a token without checking its signature, which only the API can do. `undefined` if it is not a token. */
export function decodeToken(token: string): Claims | undefined {
  try {
    const claims: unknown = JSON.parse(decodeText(token.split(".")[1] ?? ""));
    return typeof claims === "object" && claims !== null ? (claims as Claims) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Compares the sessions of two tokens. A token without a `sid`, which another library signed, is of the session of any
 * token of its user: the API names that session with the first token that it gives for it.
 */
export function sameSession(one: string, other: string | null): boolean {
  if (one === other) {
    return true;
  }
  const [a, b] = [decodeToken(one), decodeToken(other ?? "")];
  if (a?.sid !== undefined && b?.sid !== undefined) {
    return a.sid === b.sid;
  }
  return a !== undefined && a.id === b?.id && (a.sid ?? b.sid) !== undefined;
}

/**
 * Compares two tokens of one session. `iat` alone is not enough: a new password raises `ver`, and may do so within the
 * second in which the last token was issued; so may a new proof.
 */
export function isOlder(one: string, other: string): boolean {
  const [a, b] = [decodeToken(one), decodeToken(other)];
  const of = (name: "ver" | "auth_time" | "iat") => Number(a?.[name] ?? 0) - Number(b?.[name] ?? 0);
  const difference = of("ver") || of("auth_time") || of("iat");
  return a?.sid !== undefined && a.sid === b?.sid && difference < 0;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Decodes UTF-8 in Base64 for URLs. Hermes, React Native's engine, had no `atob` and no `TextDecoder` for long. */
function decodeText(encoded: string): string {
  let escaped = "";
  let bits = 0;
  let count = 0;
  for (const character of encoded) {
    const value = BASE64.indexOf(character);
    if (value < 0) {
      throw new SyntaxError("not Base64");
    }
    bits = ((bits << 6) | value) & 0xfff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      escaped += `%${(((bits >> count) & 0xff) | 0x100).toString(16).slice(1)}`;
    }
  }
  return decodeURIComponent(escaped);
}
