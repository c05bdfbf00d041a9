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
}

/** Reads a token without checking its signature, which only the API can do. `undefined` if it is not a token. */
export function decodeToken(token: string): Claims | undefined {
  try {
    const payload = token.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? "";
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? (claims as Claims) : undefined;
  } catch {
    return undefined;
  }
}
