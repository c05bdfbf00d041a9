// Mail for `npm start`, where the settings have none: wrangler keeps what the Worker sends in a mailbox on this machine.
import { unstable_getVarsForDev as getVarsForDev, unstable_readConfig as readConfig } from "wrangler";

/**
 * Gives the bindings of the options `--var`, with those of mail that neither these nor the settings have; and whether
 * mails come to the mailbox, and not to an SMTP server.
 */
export function withMail(given, config, { env, envFiles, url }) {
  const { send_email, vars } = readConfig({ config, env }, { hideWarnings: true });
  const set = { ...getVarsForDev(config, envFiles, vars, env, true), ...given };
  const setting = (name) => set[name]?.value || undefined; // an empty one is none
  const name = setting("APP_NAME") ?? "Latchkey";
  const defaults = {
    MAIL_FROM: /["<>]/.test(name) ? "accounts@localhost" : `${name} <accounts@localhost>`,
    APP_URL: url,
  };
  const bindings = {};
  for (const [variable, value] of Object.entries(defaults)) {
    if (setting(variable) === undefined) {
      bindings[variable] = { type: "plain_text", value };
    }
  }
  const isBound = send_email.some(({ name }) => name === "EMAIL");
  const hasMailbox = isBound || setting("SMTP_URL") === undefined;
  if (hasMailbox && !isBound) {
    bindings.EMAIL = { type: "send_email" };
  }
  return { bindings: { ...bindings, ...given }, hasMailbox };
}
