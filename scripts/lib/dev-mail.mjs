// Mail for `npm start`, where the settings have none: wrangler keeps what the Worker sends in a mailbox on this machine.
import { unset } from "./dev-settings.mjs";

/** Gives the bindings of mail that the settings lack; and whether mails come to the mailbox, and not to an SMTP server. */
export function mailFor({ send_email, setting }, url) {
  const name = setting("APP_NAME") ?? "Latchkey";
  const defaults = {
    MAIL_FROM: /["<>]/.test(name) ? "accounts@localhost" : `${name} <accounts@localhost>`,
    APP_URL: url,
  };
  const bindings = unset(defaults, setting);
  const isBound = send_email.some(({ name }) => name === "EMAIL");
  const hasMailbox = isBound || setting("SMTP_URL") === undefined;
  if (hasMailbox && !isBound) {
    bindings.EMAIL = { type: "send_email" };
  }
  return { bindings, hasMailbox };
}
