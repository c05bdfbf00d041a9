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

export type Methods = Schemas["MethodsResponse"]["methods"];
export type CredentialList = Schemas["CredentialsResponse"];

/** One of the user's sessions, as the list has it. */
export type Session = Schemas["Session"];
export type SessionList = Schemas["SessionsResponse"];

/** Sessions that a logout ends. */
export type Scope = NonNullable<NonNullable<operations["logout"]["parameters"]["query"]>["scope"]>;

/** Fields that an error can name. */
export type FieldName = KeysOfEach<
  Schemas["NewUserErrors" | "CredentialsErrors" | "UserPatchErrors" | "ScopeErrors"]["errors"]
>;
