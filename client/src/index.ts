/** The client of Latchkey, an account API at the edge. */

export type { SessionChange, SessionListener } from "./changes.js";
export { Latchkey, type LatchkeyOptions } from "./client.js";
export {
  ApiError,
  ConnectionError,
  type FieldErrors,
  PasskeyError,
  ReauthenticationError,
  StorageError,
  UnverifiedError,
} from "./errors.js";
export type { CallOptions } from "./requests.js";
export { joinCode, type LinkSecret, readSecret } from "./secret.js";
export { type KeyValueStorage, memoryStorage, type TokenStorage, webStorage } from "./storage.js";
export { type Claims, decodeToken } from "./token.js";
export type {
  ConfirmedTotp,
  Credential,
  CredentialList,
  Credentials,
  Factor,
  FactorCode,
  FieldName,
  Mail,
  MailedSecret,
  Methods,
  NewTotp,
  NewUser,
  PasskeyProof,
  PasswordProof,
  PasswordReset,
  Scope,
  SecondStep,
  Session,
  SessionList,
  User,
  UserOrStep,
  UserPatch,
  UserWithMail,
} from "./types.js";
