import type { FieldName } from "./types.js";

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
  /** The session's last proof is too old. */
  isOldProof: boolean;
}

/** Detail of the dialect `django`, and field of `realworld`, of a proof that is too old. */
const OLD_PROOF = { detail: "Reauthentication is required.", field: "session" };

/**
 * Parses an error of either dialect: `{"errors": {name: [message]}}`, or `{"user": {"detail": message}}`. `undefined` for
 * anything else: the response may come from a proxy, in JSON too.
 */
export function readError(body: unknown): ParsedError | undefined {
  const { errors, user } = Object(body) as { errors?: unknown; user?: { detail?: unknown } };
  if (typeof user?.detail === "string") {
    return { message: user.detail, fields: {}, isOldProof: user.detail === OLD_PROOF.detail };
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
  const isOldProof = entries.some(([name]) => name === OLD_PROOF.field);
  return messages.length === 0 ? undefined : { message: messages.join(" "), fields, isOldProof };
}

/** Messages of the dialect `django` are sentences, those of `realworld` continue the field's name. */
function sentence(name: string, message: string): string {
  if (name === "error") {
    return message;
  }
  return message.endsWith(".") ? `${name}: ${message}` : `${name} ${message}.`;
}
