/** The client of Latchkey, an account API at the edge. */

export { Latchkey, type CallOptions, type LatchkeyOptions } from "./client.js";
export { ApiError, ConnectionError, type FieldErrors } from "./errors.js";
export { memoryStorage, webStorage, type TokenStorage } from "./storage.js";
export { decodeToken, type Claims } from "./token.js";
export type { Credentials, FieldName, NewUser, Scope, User, UserPatch } from "./types.js";
