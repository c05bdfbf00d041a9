/** Sending of mails: by the binding EMAIL, or else by SMTP. */

import { HEADERS, type Mail } from "./message.js";
import { SendFailure, SmtpConnection } from "./smtp.js";

/** Bindings that a mail can be sent by. */
export interface Transports {
  EMAIL?: SendEmail;
  /** `smtps://user:password@host:port` */
  SMTP_URL?: string;
}

const TIMEOUT = 10_000;

/**
 * Sends a mail, or rejects with a `SendFailure`. A transport that does neither in time is left behind: what becomes of
 * the mail is not known then.
 */
export async function sendMail(transports: Transports, mail: Mail): Promise<void> {
  const { promise: timedOut, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new SendFailure(`no end within ${TIMEOUT / 1_000} s`)), TIMEOUT);
  try {
    await (transports.EMAIL ? sendByBinding(transports.EMAIL, mail, timedOut) : sendBySmtp(transports, mail, timedOut));
  } catch (error) {
    throw error instanceof SendFailure ? error : new SendFailure(codeOf(error));
  } finally {
    clearTimeout(timer);
  }
}

async function sendByBinding(binding: SendEmail, mail: Mail, timedOut: Promise<never>): Promise<void> {
  const { name, address } = mail.from;
  const from = name === undefined ? address : { name, email: address };
  await Promise.race([binding.send({ ...mail, from, headers: HEADERS }), timedOut]);
}

async function sendBySmtp({ SMTP_URL }: Transports, mail: Mail, timedOut: Promise<never>): Promise<void> {
  const connection = new SmtpConnection(SMTP_URL ?? "");
  try {
    await Promise.race([connection.send(mail), timedOut]);
  } finally {
    connection.close();
  }
}

/** Code of a failure of the binding. Its message may name the recipient. */
function codeOf(error: unknown): string {
  const { code, name }: { code?: unknown; name?: unknown } = Object(error);
  if (typeof code === "string" && /^[A-Z][A-Z0-9_]{0,63}$/.test(code)) {
    return code;
  }
  return `${typeof name === "string" && /^[A-Za-z]{1,32}$/.test(name) ? name : "failure"} without a code`;
}
