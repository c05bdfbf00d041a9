/** The page's own texts for what the API rejects, in either of the API's dialects. */

import {
  ApiError,
  ConnectionError,
  ForbiddenError,
  NotFoundError,
  PasskeyError,
  ReauthenticationError,
  StorageError,
  UnverifiedError,
} from "latchkey-client";
import { capitalized } from "./texts.js";
import { relative } from "./time.js";

/** Rules by the API's messages. A number in a message is the limit. */
const RULES = [
  ["blank", /can't be blank|is required|may not be (?:blank|null)/],
  ["short", /at least (\d+) characters|too short \(minimum is (\d+)/],
  ["long", /no more than (\d+) characters|too long \(maximum is (\d+)/],
  ["verified", /already verified/],
  ["taken", /already/],
  ["many", /too many/],
  ["lastWayIn", /last way in/],
  ["lastSuperuser", /last superuser/],
  ["unknown", /unknown/i],
  ["likeEmail", /too similar to the email/],
  ["likeUsername", /too similar to the username/],
  ["likeName", /too similar to the name/],
  ["common", /too common/],
  ["breached", /in a data breach/],
  [
    "invalid",
    /^is invalid$|^Invalid (?:password|code|passkey|or expired)\.$|^Enter a valid (?:email address|username)\.$/,
  ],
] as const;

type Rule = (typeof RULES)[number][0];

/** Texts by field and rule; # is the limit. */
const TEXTS: Record<string, Partial<Record<Rule, string>>> = {
  email: {
    blank: "Enter your email.",
    long: "An email can have at most # characters.",
    taken: "Another account has this email.",
    verified: "Your email is confirmed already.",
    invalid: "Enter an email such as name@example.com.",
  },
  username: {
    blank: "Enter a username.",
    long: "A username can have at most # characters.",
    taken: "Another account has this username.",
    invalid: "Choose a username that others can see and read.",
  },
  password: {
    blank: "Enter a password.",
    short: "A password needs at least # characters.",
    long: "A password can have at most # characters.",
    likeEmail: "Choose a password without the first part of your email in it.",
    likeUsername: "Choose a password without your username in it.",
    likeName: "Choose a password without the name of this site in it.",
    common: "Many people use this password. Choose another.",
    breached: "This password was stolen from a site once, and is on lists that attackers try. Choose another.",
    invalid: "This is not your password.",
  },
  current_password: {
    blank: "Enter your password.",
    long: "This is not your password.",
    invalid: "This is not your password.",
  },
  secret: {
    long: "This is not the code of the mail.",
    invalid: "This is not the code of the last mail, or it is too old. Check it, or send another mail.",
  },
  code: {
    blank: "Enter the code.",
    long: "This code is wrong, or was used before.",
    invalid: "This code is wrong, or was used before. Apps show a new one every half minute.",
  },
  passkey: {
    unknown: "No account has this passkey any more. Log in with another way.",
    invalid: "This passkey did not work. Try again, or another way.",
  },
  name: { blank: "Enter a name.", long: "A name can have at most # characters." },
  credential: {
    many: "You have as many passkeys as there can be. Remove one first.",
    lastWayIn: "This passkey is your only way in. Set a password first.",
  },
  superuser: { lastSuperuser: "This is the last superuser. Make someone else one first." },
  bio: { long: "Shorten this to # characters." },
  image: { long: "An address can have at most # characters." },
};

/** Texts by what the browser failed to do with the login. All but the first follow a request that was carried out. */
const STORAGE_TEXTS: Record<StorageError["action"], string> = {
  read: "Your browser does not let this page see whether you are logged in. Allow this site to keep data, then load the page again.",
  store:
    "Your request went through, but your browser could not keep your login. Allow this site to keep data, or make room on this device, then load the page again.",
  clear: "Your browser could not forget your login. Close this tab, which removes it.",
};

/** Texts by why the browser gives no passkey. */
const PASSKEY_TEXTS: Record<PasskeyError["reason"], string> = {
  cancelled: "Your browser gave no passkey: it was cancelled, took too long, or there is none for this site.",
  known: "This device has a passkey for your account already.",
  unavailable: "Your browser can’t use passkeys on this page.",
};

/** Error of the client, which has a text for a person. Any other is a fault of the page. */
export type ClientError = ApiError | ConnectionError | PasskeyError | StorageError;

export function isClientError(error: unknown): error is ClientError {
  return [ApiError, ConnectionError, PasskeyError, StorageError].some((type) => error instanceof type);
}

/** Text for a rule that a field breaks; the API's message where the page knows none. */
export function fieldText(name: string, label: string, message: string): string {
  // Messages of the dialect `django` are sentences, those of `realworld` continue the field's label.
  return knownText(name, message) ?? (message.endsWith(".") ? capitalized(message) : `${label} ${message}.`);
}

function knownText(name: string, message: string): string | undefined {
  for (const [rule, pattern] of RULES) {
    const found = pattern.exec(message);
    const text = TEXTS[name]?.[rule];
    if (found && text) {
      return text.replace("#", found[1] ?? found[2] ?? "");
    }
  }
  return undefined;
}

/** Text for a request that failed as a whole. The button is the one that sends it again. */
export function failureText(error: ClientError, button: string): string {
  if (error instanceof StorageError) {
    return STORAGE_TEXTS[error.action];
  }
  if (error instanceof ConnectionError) {
    return `The server could not be reached. Check your connection, then press “${button}” to try again.`;
  }
  if (error instanceof PasskeyError) {
    return PASSKEY_TEXTS[error.reason];
  }
  if (error instanceof ReauthenticationError) {
    return "This needs a new proof that it is you. Nothing was changed.";
  }
  if (error instanceof NotFoundError) {
    return "It is not there any more.";
  }
  if (error instanceof ForbiddenError) {
    return "You have no permission for this. Nothing was changed.";
  }
  if (error instanceof UnverifiedError) {
    return "Confirm your email first: then you can add this.";
  }
  const { status, retryAfter, fields, message } = error;
  if (status === 429 && retryAfter) {
    return `Too many attempts. Please try again ${relative(retryAfter, Math.ceil)}.`;
  }
  const texts = Object.entries(fields).flatMap(([name, messages]) => messages.map((each) => knownText(name, each)));
  if (texts.length > 0) {
    return texts.includes(undefined) ? capitalized(message) : texts.join(" ");
  }
  if (/email and password was not found|^credentials /.test(message)) {
    return "The email or the password is wrong.";
  }
  if (/deactivated/.test(message)) {
    return "This account is deactivated.";
  }
  if (status === 413) {
    return `This is more text than can be saved. Shorten it, then press “${button}” again.`;
  }
  return `Something is wrong on our side (error ${status}). Wait a little, then press “${button}” to try again.`;
}
