// Virtual authenticators of Chromium, and an authenticator app of another library.

import { URI } from "otpauth";
import decodeQR from "qr/decode.js";

/** Variables of a deployment with two-step verification and passkeys. */
export const CREDENTIAL_VARS = {
  DATA_SECRET: "another secret for the tests in a browser",
  PASSKEY_RP_ID: "localhost",
};

/** The same server by its name: browsers give no passkeys to an address. */
export const byName = (url) => url.replace("//127.0.0.1:", "//localhost:");

/** Gives a page an authenticator: a phone's or computer's own, which verifies its user. */
export async function authenticator(page, options = {}) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      ctap2Version: "ctap2_1",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      defaultBackupEligibility: true,
      defaultBackupState: true,
      ...options,
    },
  });
  const send = (method, values = {}) => cdp.send(`WebAuthn.${method}`, { authenticatorId, ...values });
  return {
    /** What it holds. */
    credentials: async () => (await send("getCredentials")).credentials,
    add: (credential) => send("addCredential", { credential }),
    /** Whether its user proves themself: one who does not is as one who cancels. */
    verify: (isUserVerified) => send("setUserVerified", { isUserVerified }),
    /** Whether its user is there: without, a request waits. */
    attend: (enabled) => send("setAutomaticPresenceSimulation", { enabled }),
    remove: () => send("removeVirtualAuthenticator"),
  };
}

/** One whose passkeys are on this device alone. */
const BOUND = { defaultBackupEligibility: false, defaultBackupState: false };

/** A security key that verifies its user, as Chromium wants it to make a passkey. */
export const SECURITY_KEY = { transport: "usb", ...BOUND };

/** The same that verifies no user. */
export const TOUCHED_KEY = { ...SECURITY_KEY, hasUserVerification: false, isUserVerified: false };

/** Reads the QR code that is shown, as a camera does, and gives its text. */
export async function readQr(page, locator) {
  const png = (await locator.screenshot({ scale: "css" })).toString("base64");
  const canvas = await page.context().newPage();
  const { data, ...size } = await canvas.evaluate(async (png) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const { width, height } = image;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(image, 0, 0);
    return { width, height, data: [...context.getImageData(0, 0, width, height).data] };
  }, png);
  await canvas.close();
  return decodeQR({ ...size, data: Uint8Array.from(data) });
}

/** An app with the seed of a QR code: the code that it shows now, or so many half minutes later. */
export function app(uri) {
  const totp = URI.parse(uri);
  return { totp, code: (steps = 0) => totp.generate({ timestamp: Date.now() + steps * 30_000 }) };
}
