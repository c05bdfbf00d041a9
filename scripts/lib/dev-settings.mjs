// Settings for `npm start` where those of the developer have none.
import { unstable_getVarsForDev as getVarsForDev, unstable_readConfig as readConfig } from "wrangler";

/** Reads the settings: bindings of mail, and `setting`, which gives a variable's value, if it has one. */
export function readSettings(given, config, { env, envFiles }) {
  const { send_email, vars } = readConfig({ config, env }, { hideWarnings: true });
  const set = { ...getVarsForDev(config, envFiles, vars, env, true), ...given };
  return { send_email, setting: (name) => set[name]?.value || undefined }; // an empty one is none
}

/** Bindings of those defaults that are not set. */
export function unset(defaults, setting) {
  const names = Object.keys(defaults).filter((name) => setting(name) === undefined);
  return Object.fromEntries(names.map((name) => [name, { type: "plain_text", value: defaults[name] }]));
}
