/** The client of Latchkey, an account API at the edge. */

export type { SessionChange, SessionListener } from "./changes.js";
export { type CallOptions, Latchkey, type LatchkeyOptions } from "./client.js";
export { ApiError, ConnectionError, type FieldErrors, ReauthenticationError, StorageError } from "./errors.js";
export { joinCode, type LinkSecret, readSecret } from "./secret.js";
export { type KeyValueStorage, memoryStorage, type TokenStorage, webStorage } from "./storage.js";
export { type Claims, decodeToken } from "./token.js";
export type {
  CredentialList,
  Credentials,
  FieldName,
  Mail,
  MailedSecret,
  Methods,
  NewUser,
  PasswordProof,
  PasswordReset,
  Scope,
  Session,
  SessionList,
  User,
  UserPatch,
  UserWithMail,
} from "./types.js";
