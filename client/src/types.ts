/** Names for the types of `openapi.ts`, which is generated from the API's OpenAPI document. */

import type { components, operations } from "./openapi.js";

type Schemas = components["schemas"];

/** The API converts numbers to strings, which typed programs don't need. */
type WithoutNumbers<T> = { [Name in keyof T]: Exclude<T[Name], number> };

type KeysOfEach<T> = T extends unknown ? keyof T : never;

export type User = Schemas["User"];
export type NewUser = WithoutNumbers<Schemas["NewUser"]>;
export type Credentials = WithoutNumbers<Schemas["Credentials"]>;
export type PasswordProof = WithoutNumbers<Schemas["PasswordProof"]>;
export type MailedSecret = WithoutNumbers<Schemas["MailedSecret"]>;
export type MailRequest = WithoutNumbers<Schemas["MailRequest"]>;
export type PasswordReset = WithoutNumbers<Schemas["PasswordReset"]>;
export type UserPatch = WithoutNumbers<Schemas["UserPatch"]>;

/** Mail that is under way: with its `id` and the code in it, until that `expires`, `joinCode` makes a secret. */
export type Mail = Schemas["Mail"];
export type UserWithMail = User & { mail?: Mail };

/** Passkey of the browser, in place of a password or a code. */
export interface PasskeyProof {
  passkey: true;
}

/** Code of the user's authenticator app, or one of their recovery codes. */
export type FactorCode = WithoutNumbers<Schemas["Confirmation"]>;

/** Second factor that a user has to prove: `types` are those that they have, and `expires` is the end of the time for it. */
export type Factor = Schemas["Factor"];

/** Second step that a right proof of a user with a second factor is answered by. `takeSecondStep` goes on with it. */
export type SecondStep = { [Name in keyof User]?: undefined } & {
  factor: Factor;
  /** Request that it finishes. */
  of: "login" | "reauthentication";
};

/** The user, or the second step that they have to take: then there is a `factor`. */
export type UserOrStep = (User & { factor?: undefined }) | SecondStep;

/** Authenticator app, one recovery code, or passkey. A recovery code that is `used` is spent. */
export type Credential = Schemas["Credential"];
/** Authenticator app that waits for its first code: `uri` is for a QR code, and `secret` to be typed. */
export type NewTotp = Schemas["NewTotp"];
/** Authenticator app that was confirmed, with new recovery codes, which nobody can read again. */
export interface ConfirmedTotp {
  credential: Credential;
  recovery: string[];
}
export type CreationOptions = Schemas["PasskeyCreationOptions"];
export type RequestOptions = Schemas["PasskeyRequestOptions"];

export type Methods = Schemas["MethodsResponse"]["methods"];
export type CredentialList = Schemas["CredentialsResponse"];

/** One of the user's sessions, as the list has it. */
export type Session = Schemas["Session"];
export type SessionList = Schemas["SessionsResponse"];

/** Sessions that a logout ends. */
export type Scope = NonNullable<NonNullable<operations["logout"]["parameters"]["query"]>["scope"]>;

/** User, as staff see them. */
export type AdminUser = Schemas["AdminUser"];
/** User, as staff see them, with their ways in. */
export type AdminUserWithMethods = Schemas["AdminUserAndMethods"];
export type UserList = Schemas["AdminUsersResponse"];
export type Invitation = WithoutNumbers<Schemas["Invitation"]>;
export type StaffPatch = WithoutNumbers<Schemas["StaffPatch"]>;
/** Change of an account. */
export type AdminEvent = Schemas["Event"];
export type EventList = Schemas["EventsResponse"];

interface Paging {
  /** The `next` of the page before. */
  after?: string;
  /** The most of a page: 1 to 100; 50 without it. */
  limit?: number;
}

export interface UserSearch extends Paging {
  /** Beginning of an email or a username, or an id. */
  q?: string;
  /** State of the users: `staff` are superusers too. */
  state?: "active" | "inactive" | "staff";
}

export interface EventSearch extends Paging {
  /** Id of the user that they happened to. */
  user?: number;
  type?: AdminEvent["type"];
}

/** Fields that an error can name. */
export type FieldName =
  | keyof EventSearch
  | Exclude<keyof UserSearch, "q">
  | KeysOfEach<
      Schemas[
        | "NewUserErrors"
        | "CredentialsErrors"
        | "UserPatchErrors"
        | "StaffPatchErrors"
        | "ScopeErrors"
        | "PasskeyNameErrors"
        | "TooManyPasskeys"]["errors"]
    >;
