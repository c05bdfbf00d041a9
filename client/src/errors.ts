import type { FieldName } from "./types.js";

/** What is wrong with each field, in the API's words. */
export type FieldErrors = { [Name in FieldName]?: string[] };

const FIELDS: Record<FieldName, true> = {
  email: true,
  username: true,
  password: true,
  bio: true,
  image: true,
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

  constructor(status: number, body: unknown, retryAfter?: number) {
    const { message, fields } = read(body);
    super(message ?? `This is no answer of the API, and has the status ${status}: is the address right?`);
    this.status = status;
    this.fields = fields;
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

/** Reads an error of either dialect: `{"errors": {name: [text]}}`, or `{"user": {"detail": text}}`. */
function read(body: unknown): { message: string | undefined; fields: FieldErrors } {
  const { errors, user } = (body ?? {}) as { errors?: Record<string, string[]>; user?: { detail?: string } };
  const fields: FieldErrors = {};
  const messages = user?.detail === undefined ? [] : [user.detail];
  for (const [name, texts] of Object.entries(errors ?? {})) {
    if (Object.hasOwn(FIELDS, name)) {
      fields[name as FieldName] = texts;
    }
    messages.push(...texts.map((text) => sentence(name, text)));
  }
  return { message: messages.length === 0 ? undefined : messages.join(" "), fields };
}

/** Texts of the dialect `django` are sentences, those of `realworld` go on from the name. */
function sentence(name: string, text: string): string {
  if (name === "error") {
    return text;
  }
  return text.endsWith(".") ? `${name}: ${text}` : `${name} ${text}.`;
}
