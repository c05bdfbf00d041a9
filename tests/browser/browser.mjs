// A headless Chromium: that of the variable CHROMIUM, or one in PATH, such as Debian's package `chromium`.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const paths = process.env.CHROMIUM
  ? [process.env.CHROMIUM]
  : process.env.PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));

const executablePath = paths.find((path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

const missing = "no Chromium was found: install it (Debian: apt-get install chromium), or say where it is in CHROMIUM";

if (!executablePath && process.env.CI) {
  throw new Error(missing);
}

/** For `test`: why tests in the browser are skipped, or `false`. */
export const skip = executablePath ? false : missing;

/** Starts the browser. It asks its maker's servers for nothing. */
export function launch() {
  const quiet = ["background-networking", "component-update", "sync", "quic", "gpu"].map((what) => `--disable-${what}`);
  const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args: [...quiet, "--no-first-run", ...asRoot] });
}
