// Chromium, for the tests.

import assert from "node:assert/strict";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { startWorker } from "../api_workerd/harness.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const MISSING = `no ${NAMES.join(", ")} in PATH: install one, or set CHROMIUM to its path`;
export const JWT_SECRET = "a secret for the tests in a browser";
const VARS = {
  JWT_SECRET,
  PASSWORD_HASHER: "pbkdf2_sha256$1",
  RATE_LIMIT: "off",
  READ_REPLICATION: "on",
};

function findChromium() {
  const directories = process.env.PATH.split(delimiter);
  const paths = NAMES.flatMap((name) => directories.map((directory) => join(directory, name)));
  return [process.env.CHROMIUM, ...paths].find((path) => path && isExecutable(path));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function launch() {
  const args = ["gpu", "quic", "background-networking", "component-update", "sync"].map((name) => `--disable-${name}`);
  args.push("--no-first-run");
  if (process.getuid?.() === 0) {
    args.push("--no-sandbox"); // which root can't have
  }
  return chromium.launch({ executablePath: findChromium(), args });
}

/**
 * Defines tests in a browser. `define` receives `open`, which opens a page in a new session, and `startWorker`. A test
 * fails if one of its pages logged an error, its content security policy included, unless it `expects` a text in it.
 */
export function describeInBrowser(name, define) {
  const missing = findChromium() ? undefined : MISSING;
  if (missing && process.env.CI) {
    test(name, () => assert.fail(missing));
    return;
  }
  describe(name, { skip: missing }, () => {
    let browser;
    const servers = [];
    const contexts = [];
    const complaints = [];

    before(async () => {
      browser = await launch();
    });
    after(async () => {
      await browser?.close();
      await Promise.all(servers.map((server) => server.close()));
    });
    afterEach(async () => {
      await Promise.all(contexts.splice(0).map((context) => context.close()));
      assert.deepEqual(complaints.splice(0), []);
    });

    define({
      async open(url, { expects, ...options } = {}) {
        const context = await browser.newContext(options);
        contexts.push(context);
        const page = await context.newPage();
        page.on("pageerror", (error) => complaints.push(String(error)));
        page.on("console", (message) => {
          const isExpected = isOfApi(message) || (expects && message.text().includes(expects));
          if (["error", "warning"].includes(message.type()) && !isExpected) {
            complaints.push(message.text());
          }
        });
        await page.goto(url);
        return page;
      },

      async startWorker(vars) {
        const { server, url } = await startWorker({ vars: { ...VARS, ...vars } });
        servers.push(server);
        return { url: url.origin, worker: server.getWorker() };
      },
    });
  });
}

/** The browser logs every error response of the API, which the tests expect. */
function isOfApi(message) {
  return message.text().startsWith("Failed to load resource") && message.location().url.includes("/api/");
}
