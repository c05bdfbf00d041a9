// Passkeys for `npm start`, where the settings have none: on the pages of this machine.
import { unset } from "./dev-settings.mjs";

/** Gives the bindings of passkeys that the settings lack, if these can have passkeys. */
export function passkeysFor({ setting }) {
  const canHave = setting("DATA_SECRET") !== undefined && setting("ALLOWED_ORIGINS") !== "*";
  return canHave ? unset({ PASSKEY_RP_ID: "localhost" }, setting) : {};
}
