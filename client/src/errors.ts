import type { Factor, FieldName } from "./types.js";

/** Messages of the API by field. */
export type FieldErrors = { [Name in FieldName]?: string[] };

const FIELDS: Record<FieldName, true> = {
  email: true,
  username: true,
  password: true,
  bio: true,
  image: true,
  current_password: true,
  scope: true,
  secret: true,
  code: true,
  passkey: true,
  name: true,
  credential: true,
  active: true,
  staff: true,
  superuser: true,
  user: true,
  type: true,
  state: true,
  after: true,
  limit: true,
};
const FIELD_NAMES: ReadonlySet<string> = new Set(Object.keys(FIELDS));

/** The API refused a request. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status. */
  readonly status: number;
  /** Messages by field; empty if the error is not about fields. */
  readonly fields: FieldErrors;
  /** Seconds to wait before another try, if the API asks for that. */
  readonly retryAfter: number | undefined;

  /** @param parsed Error in the body, if the API sent it. */
  constructor(status: number, parsed: ParsedError | undefined, retryAfter?: number) {
    super(parsed?.message ?? `This is no answer of the API, and has the status ${status}: is the address right?`);
    this.status = status;
    this.fields = parsed?.fields ?? {};
    this.retryAfter = retryAfter;
  }
}

/** The API wants a newer proof of who uses the session, by `reauthenticate`; nothing was changed. */
export class ReauthenticationError extends ApiError {}

/** The API wants the user's email verified first, by `verifyEmail`; nothing was changed. */
export class UnverifiedError extends ApiError {}

/** The user may not do this, or their session was not proved by two factors; nothing was changed. */
export class ForbiddenError extends ApiError {}

/** A 401 or 403 of the API itself, not of a proxy: it refuses the token. */
export class AuthenticationError extends ApiError {}

/** A 404 of the API itself, not of a proxy. */
export class NotFoundError extends ApiError {}

/** A 401 that says nothing against the session: the proof was right, and a second factor is needed. */
export class FactorError extends ApiError {
  readonly factor: Factor;

  constructor(status: number, parsed: ParsedError, factor: Factor) {
    super(status, parsed);
    this.factor = factor;
  }
}

/** Why the browser gives no passkey. */
const PASSKEY_FAILURES = {
  cancelled: "The user cancelled, took too long, or has no passkey for this site.",
  known: "This device or security key has a passkey of the user already.",
  unavailable: "This browser can't use passkeys here.",
};

/** The browser gave no passkey, and the API was not asked. */
export class PasskeyError extends Error {
  override readonly name = "PasskeyError";
  readonly reason: keyof typeof PASSKEY_FAILURES;
  /** Error that the browser threw, if it did. */
  readonly cause: unknown;

  constructor(reason: keyof typeof PASSKEY_FAILURES, cause?: unknown) {
    super(PASSKEY_FAILURES[reason]);
    this.reason = reason;
    this.cause = cause;
  }
}

/** No complete response arrived: the network failed, or the page's origin is not in ALLOWED_ORIGINS. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  /** Error that `fetch` threw. */
  readonly cause: unknown;

  constructor(url: string, cause: unknown) {
    const origin = globalThis.location?.origin ?? "the page's origin";
    super(
      `No response came from ${url}. Is the address right, and the network up? In a browser, is ${origin} in the ` +
        "ALLOWED_ORIGINS of the API?",
    );
    this.cause = cause; // not all runtimes take it from the arguments of `Error`
  }
}

const STORAGE_FAILURES = {
  read: "The token could not be read from its storage.",
  store: "The API has answered, but the token could not be stored.",
  clear: "The token could not be cleared: it is still in its storage.",
};

/** The storage of the token failed. Where it could not be written, the API has handled the request before. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  /** Operation on the token that failed. */
  readonly action: keyof typeof STORAGE_FAILURES;
  /** Error that the storage threw. */
  readonly cause: unknown;

  constructor(action: keyof typeof STORAGE_FAILURES, cause: unknown) {
    super(STORAGE_FAILURES[action]);
    this.action = action;
    this.cause = cause;
  }
}

/** Error in a response body of the API. */
export interface ParsedError {
  message: string;
  fields: FieldErrors;
  /** Reason for a 403 that says nothing against the session. */
  refusal: "forbidden" | "oldProof" | "unverified" | undefined;
}

/** Refusals by their details in the dialect `django`, and their messages in `realworld`. */
const REFUSALS: Record<string, ParsedError["refusal"]> = {
  "You do not have permission to perform this action.": "forbidden",
  "account is not permitted.": "forbidden",
  "Reauthentication is required.": "oldProof",
  "session must be reauthenticated.": "oldProof",
  "Verify your email first.": "unverified",
  "email must be verified.": "unverified",
};

/**
 * Parses an error of either dialect: `{"errors": {name: [message]}}`, or `{"user": {"detail": message}}`. `undefined` for
 * anything else: the response may come from a proxy, in JSON too.
 */
export function readError(body: unknown): ParsedError | undefined {
  const { errors, user } = Object(body) as { errors?: unknown; user?: { detail?: unknown } };
  if (typeof user?.detail === "string") {
    return { message: user.detail, fields: {}, refusal: REFUSALS[user.detail] };
  }
  const entries = Object.entries(Object(errors) as Record<string, unknown>);
  const messages: string[] = [];
  const fields: FieldErrors = {};
  for (const [name, list] of entries) {
    if (!Array.isArray(list) || !list.every((message) => typeof message === "string")) {
      return undefined;
    }
    if (FIELD_NAMES.has(name)) {
      fields[name as FieldName] = list;
    }
    messages.push(...list.map((message: string) => sentence(name, message)));
  }
  const message = messages.join(" ");
  return message === "" ? undefined : { message, fields, refusal: REFUSALS[message] };
}

/** Messages of the dialect `django` are sentences, those of `realworld` continue the field's name. */
function sentence(name: string, message: string): string {
  if (name === "error") {
    return message;
  }
  return message.endsWith(".") ? `${name}: ${message}` : `${name} ${message}.`;
}
