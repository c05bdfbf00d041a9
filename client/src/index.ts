/** The client of Latchkey, an account API at the edge. */

export { LatchkeyAdmin } from "./admin.js";
export type { SessionChange, SessionListener } from "./changes.js";
export { Latchkey, type LatchkeyOptions } from "./client.js";
export {
  ApiError,
  ConnectionError,
  type FieldErrors,
  ForbiddenError,
  NotFoundError,
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
  AdminEvent,
  AdminUser,
  AdminUserWithMethods,
  ConfirmedTotp,
  Credential,
  CredentialList,
  Credentials,
  EventList,
  EventSearch,
  Factor,
  FactorCode,
  FieldName,
  Invitation,
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
  StaffPatch,
  User,
  UserList,
  UserOrStep,
  UserPatch,
  UserSearch,
  UserWithMail,
} from "./types.js";
