import type { FieldName } from "./types.js";

/** What is wrong with each field, in the API's words. */
export type FieldErrors = { [Name in FieldName]?: string[] };

const FIELDS: Record<FieldName, true> = {
  email: true,
  username: true,
  password: true,
  bio: true,
  image: true,
  current_password: true,
  scope: true,
};

/** The API refused a request. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status. */
  readonly status: number;
  /** What is wrong with each field; empty if it is not about fields. */
  readonly fields: FieldErrors;
  /** How many seconds to wait before another try, if the API asks for that. */
  readonly retryAfter: number | undefined;

  /** @param parsed What the body tells, if it is one of the API. */
  constructor(status: number, parsed: ParsedError | undefined, retryAfter?: number) {
    super(parsed?.message ?? `This is no answer of the API, and has the status ${status}: is the address right?`);
    this.status = status;
    this.fields = parsed?.fields ?? {};
    this.retryAfter = retryAfter;
  }
}

/** No whole answer came: the network failed, or the page's origin is not among ALLOWED_ORIGINS. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";

  constructor(cause: unknown) {
    super("The API could not be reached.", { cause });
  }
}

/** What an error of the API tells. */
export interface ParsedError {
  message: string;
  fields: FieldErrors;
}

/**
 * Reads an error of either dialect: `{"errors": {name: [text]}}`, or `{"user": {"detail": text}}`. `undefined` for what is
 * neither, since not all that answers is the API: a proxy may, in JSON too.
 */
export function readError(body: unknown): ParsedError | undefined {
  const { errors, user } = Object(body) as { errors?: unknown; user?: { detail?: unknown } };
  if (typeof user?.detail === "string") {
    return { message: user.detail, fields: {} };
  }
  const entries = Object.entries(Object(errors) as Record<string, unknown>);
  const messages: string[] = [];
  const fields: FieldErrors = {};
  for (const [name, texts] of entries) {
    if (!Array.isArray(texts) || !texts.every((text) => typeof text === "string")) {
      return undefined;
    }
    if (Object.hasOwn(FIELDS, name)) {
      fields[name as FieldName] = texts;
    }
    messages.push(...texts.map((text) => sentence(name, text)));
  }
  return messages.length === 0 ? undefined : { message: messages.join(" "), fields };
}

/** Texts of the dialect `django` are sentences, those of `realworld` go on from the name. */
function sentence(name: string, text: string): string {
  if (name === "error") {
    return text;
  }
  return text.endsWith(".") ? `${name}: ${text}` : `${name} ${text}.`;
}
