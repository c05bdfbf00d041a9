/** The names of what `openapi.ts` has, which is made of the API's own reference. */

import type { components, operations } from "./openapi.js";

type Schemas = components["schemas"];

/** The API takes a number as its text; a program that is typed has no use for that. */
type WithoutNumbers<T> = { [Name in keyof T]: Exclude<T[Name], number> };

type KeysOfEach<T> = T extends unknown ? keyof T : never;

export type User = Schemas["User"];
export type NewUser = WithoutNumbers<Schemas["NewUser"]>;
export type Credentials = WithoutNumbers<Schemas["Credentials"]>;
export type UserPatch = WithoutNumbers<Schemas["UserPatch"]>;

/** Which sessions a logout ends. */
export type Scope = NonNullable<NonNullable<operations["logout"]["parameters"]["query"]>["scope"]>;

/** What an error can be about. */
export type FieldName = KeysOfEach<
  Schemas["NewUserErrors" | "CredentialsErrors" | "UserPatchErrors" | "ScopeErrors"]["errors"]
>;
