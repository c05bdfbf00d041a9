// Writes a random JWT_SECRET for the local Worker of this directory, unless it has one, or wrangler.toml can't be read.
// Arguments: those of `wrangler dev`, whose own reader of .dev.vars and .env decides.
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { unstable_getVarsForDev as getVarsForDev } from "wrangler";
import { syntaxError } from "./wrangler-config.mjs";

const problem = syntaxError("wrangler.toml");
if (problem) {
  console.error(`latchkey: ${problem}`);
  process.exit(1);
}

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { env: { type: "string", short: "e" }, "env-file": { type: "string" } },
  strict: false,
});
const environment = typeof values.env === "string" && values.env !== "" ? values.env : undefined;
const secret = () => getVarsForDev("wrangler.toml", undefined, {}, environment, true).JWT_SECRET?.value;

if (values["env-file"] === undefined && secret() === undefined) {
  // The file that wrangler reads: a new .dev.vars would hide an .env.
  const own = environment === undefined ? [] : [`.dev.vars.${environment}`];
  const env = process.env.CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV === "false" ? [] : [".env", ".env.local"];
  const file = [...own, ".dev.vars", ...env].find((name) => existsSync(name)) ?? ".dev.vars";
  const before = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  const random = randomBytes(32).toString("hex");
  console.error(`latchkey: writing a random JWT_SECRET to ${file}`);
  const separator = /[^\r\n]$/.test(before.toString("latin1")) ? "\n" : "";
  writeFileSync(file, `${separator}JWT_SECRET=${random}\n`, { flag: "a", mode: 0o600 });
  chmodSync(file, 0o600); // the mode above is that of a new file
  if (secret() !== random) {
    console.error(`latchkey: ${file} has something before it that hides it: add a JWT_SECRET by hand`);
    process.exitCode = 1;
  }
}
