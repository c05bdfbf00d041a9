/** What a token says (RFC 7519 section 4.1): times in Unix seconds. */
export interface Claims {
  /** The user's id. */
  id: number;
  /** When it expires. */
  exp: number;
  /** When it was issued. */
  iat?: number;
  /** Its session. All tokens of a session end together. */
  sid?: string;
  /** How often all sessions of the user, or all others, had been ended. */
  ver?: number;
}

/** Reads a token without checking its signature, which only the API can do. `undefined` if it is no token. */
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
