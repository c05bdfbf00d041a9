// Serves the Worker for `npm start`: builds it, serves what was built, and takes up each change. Arguments are options of
// `wrangler dev`.
//
// `wrangler dev` itself would not do: it lets requests wait while it builds, and for as long as the source does not
// compile; it does not look at .dev.vars; and it loses sight of wrangler.toml when that is replaced rather than written.
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { unstable_startWorker as startWorker } from "wrangler";
import { changes, snapshot, touch } from "./changes.mjs";
import { mailFor } from "./dev-mail.mjs";
import { passkeysFor } from "./dev-passkeys.mjs";
import { readSettings } from "./dev-settings.mjs";
import { syntaxError } from "./wrangler-config.mjs";

const INTERVAL = 300; // milliseconds between two looks at the files
const CONFIG = "wrangler.toml";
const SOURCE = ["src", "client/src", "client/tsconfig.json", "Cargo.toml", "Cargo.lock", ".cargo", "package-lock.json"];
const GENERATED = ["client/src/openapi.ts"];
const MIGRATIONS = "migrations";
/** Copy of the last build that succeeded: while there is another, or after it failed, this is served. */
const SERVED = "build/served";

const say = (message) => console.error(`latchkey: ${message}`);
const fail = (message) => {
  say(message);
  process.exit(1);
};

function options() {
  const text = { type: "string" };
  const { values } = parseArgs({
    options: {
      env: { ...text, short: "e" },
      "env-file": { ...text, multiple: true },
      ip: text,
      "local-protocol": text,
      "persist-to": text,
      port: { ...text, default: "8787" },
      "test-scheduled": { type: "boolean" },
      var: { ...text, multiple: true },
    },
  });
  const variable = (pair) => {
    const [name, ...value] = pair.split(":");
    return [name, { type: "plain_text", value: value.join(":") }];
  };
  return { ...values, bindings: Object.fromEntries((values.var ?? []).map(variable)) };
}

let given;
try {
  given = options();
} catch (error) {
  fail(`${error.message.split(". ")[0]}; 'npm start -- --port 8788' is how to give an option`);
}

const own = given.env ? [`.dev.vars.${given.env}`, `.env.${given.env}`, `.env.${given.env}.local`] : [];
const SETTINGS = [CONFIG, ".dev.vars", ".env", ".env.local", ...own, ...(given["env-file"] ?? [])];
const look = () => snapshot([...SETTINGS, ...SOURCE, MIGRATIONS], GENERATED);

let building;
let worker;

/** Builds, and tells whether that succeeded. What it prints is for the terminal as it is. */
async function build() {
  // A group of its own, so that stopping it stops the compiler too.
  const env = { ...process.env, LATCHKEY_PROFILE: "worker-dev" }; // is built in less time
  building = spawn("scripts/build.sh", { stdio: ["ignore", "inherit", "inherit"], detached: true, env });
  const status = await new Promise((resolve) => building.on("exit", resolve).on("error", resolve));
  building = undefined;
  if (status !== 0) {
    return false;
  }
  mkdirSync(SERVED, { recursive: true });
  for (const name of readdirSync("build").filter((name) => name === "index.js" || name.endsWith(".wasm"))) {
    copyFileSync(`build/${name}`, `${SERVED}/${name}`);
  }
  return true;
}

/** Prints a line of the Worker's log as it is. */
function printLog({ level, message }) {
  const print = level === "error" || level === "warn" ? console.error : console.log;
  print(message);
}

/** Bindings beside those of the settings, and whether mails come to wrangler's mailbox. */
function additions() {
  try {
    const settings = readSettings(given.bindings, CONFIG, { env: given.env, envFiles: given["env-file"] });
    const { bindings, hasMailbox } = mailFor(settings, `${origin}/`);
    return { bindings: { ...bindings, ...passkeysFor(settings), ...given.bindings }, hasMailbox };
  } catch {
    return { bindings: given.bindings, hasMailbox: false }; // wrangler reports what is wrong with the settings
  }
}

function serve() {
  return startWorker({
    config: CONFIG,
    entrypoint: `${SERVED}/index.js`,
    env: given.env,
    envFiles: given["env-file"],
    bindings: additions().bindings,
    build: { custom: { command: "" } },
    dev: {
      server: { hostname: given.ip, port: where.port, secure: given["local-protocol"] === "https" },
      inferOriginFromRoutes: false, // or the Worker would not see that it is asked as localhost
      inspector: false,
      logLevel: "info", // a line for each request, but not all bindings at each change
      persist: given["persist-to"],
      registry: ".wrangler/registry", // without one, the page of the mailbox knows no Worker
      testScheduled: given["test-scheduled"],
      structuredLogsHandler: printLog,
      watch: false,
    },
  });
}

let settle = () => {};
/** Has the Worker loaded again, with what is built and set now; requests wait meanwhile. Tells whether it runs. */
async function reload() {
  const loaded = new Promise((resolve) => {
    settle = resolve;
  });
  await worker.patchConfig({ bindings: additions().bindings });
  return await loaded;
}

function sayChanged(names, consequence = "") {
  say(
    `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""} changed${consequence}`,
  );
}

async function takeUp(names, states) {
  sayChanged(names);
  const source = names.filter((name) => !SETTINGS.includes(name));
  touch(states, source);
  const isBuilt = source.length === 0 || (await build());
  if (!isBuilt) {
    say("the build failed, as the messages above say; the build before is served until the next change");
  }
  if (isBuilt || source.length < names.length) {
    const problem = syntaxError(CONFIG); // wrangler would print a page of it
    if (problem) {
      say(`${problem}; what it had before is served`);
    } else {
      say((await reload()) ? "Ready, with the changes" : `${CONFIG} can't be used: what it had before is served`);
    }
  }
}

/** A migration is not applied here: one that is half written would count as applied. */
async function takeUpOrReport(names, states) {
  const migrations = names.filter((name) => name.startsWith(`${MIGRATIONS}/`));
  const others = names.filter((name) => !migrations.includes(name));
  if (migrations.length > 0) {
    sayChanged(migrations, ": new migrations are applied at the next start");
  }
  if (others.length > 0) {
    await takeUp(others, states);
  }
}

async function watch(served) {
  let last = served;
  for (;;) {
    await sleep(INTERVAL);
    const now = look();
    const isBeingSaved = changes(last, now).length > 0 || !now.has(CONFIG);
    last = now;
    const names = changes(served, now);
    if (names.length > 0 && !isBeingSaved) {
      served = now;
      await takeUpOrReport(names, now);
    }
  }
}

let isStopping = false;

/** Stops everything that was started. A terminal sends its signal to npm as well, which sends it again. */
async function stop(status) {
  if (isStopping) {
    return;
  }
  isStopping = true;
  if (building?.pid) {
    process.kill(-building.pid, "SIGTERM");
  }
  await Promise.race([worker?.raw.teardown(), sleep(5000)]); // `dispose` would wait until it is ready
  process.exit(status);
}

/** Numbers of the processes above, as far as this system says. */
function ancestors() {
  const file = `/proc/${process.ppid}/stat`; // Linux
  const above = existsSync(file)
    ? readFileSync(file, "latin1")
        .replace(/.*\) \S /s, "")
        .split(" ")[0]
    : "";
  return `${process.ppid} ${above}`;
}

function stopOnSignals() {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.removeAllListeners(signal); // miniflare's ends this process at once, before it has tidied up
    process.on(signal, () => stop(0));
  }
}
stopOnSignals();
// A parent that is killed passes nothing on: npm, or the shell that it runs scripts with.
if (process.env.npm_lifecycle_event === "start") {
  const first = ancestors();
  setInterval(() => ancestors() === first || stop(0), 1000).unref();
}
process.on("uncaughtException", (error) => {
  say(error.message);
  stop(1);
});

const where = { host: given.ip ?? "localhost", port: Number(given.port) };
const origin = `${given["local-protocol"] === "https" ? "https" : "http"}://localhost:${where.port}`;
const probe = createServer().on("error", (error) => fail(`port ${given.port} can't be served: ${error.message}`));
await new Promise((resolve) => probe.listen(where, () => probe.close(resolve)));

const first = look();
if (!(await build())) {
  fail("the build failed; the messages above say why");
}
worker = await serve();
let isReady = false;
worker.raw.on("reloadComplete", () => settle(true));
worker.raw.on("buildFailed", () => settle(false)); // wrangler has printed why
worker.raw.on("error", (error) => {
  say(error.cause?.message ?? error.message);
  if (isReady) {
    settle(false);
  } else {
    stop(1);
  }
});
await worker.ready;
stopOnSignals();
isReady = true;
if (additions().hasMailbox) {
  say(`mails that the Worker sends are at ${origin}/cdn-cgi/local/explorer/email/sending`);
}
await watch(first);
