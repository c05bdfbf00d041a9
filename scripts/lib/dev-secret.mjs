// Writes a random JWT_SECRET and DATA_SECRET for the local Worker of this directory, unless it has them, or wrangler.toml
// can't be read.
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
const variables = () => getVarsForDev("wrangler.toml", undefined, {}, environment, true);
const before = variables();
const missing = ["JWT_SECRET", "DATA_SECRET"].filter((name) => before[name] === undefined);

if (values["env-file"] === undefined && missing.length > 0) {
  // The file that wrangler reads: a new .dev.vars would hide an .env.
  const own = environment === undefined ? [] : [`.dev.vars.${environment}`];
  const env = process.env.CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV === "false" ? [] : [".env", ".env.local"];
  const file = [...own, ".dev.vars", ...env].find((name) => existsSync(name)) ?? ".dev.vars";
  const text = existsSync(file) ? readFileSync(file, "latin1") : "";
  const secrets = missing.map((name) => [name, randomBytes(32).toString("hex")]);
  console.error(`latchkey: writing a random ${missing.join(" and ")} to ${file}`);
  const separator = /[^\r\n]$/.test(text) ? "\n" : "";
  const lines = secrets.map(([name, random]) => `${name}=${random}\n`).join("");
  writeFileSync(file, `${separator}${lines}`, { flag: "a", mode: 0o600 });
  chmodSync(file, 0o600); // the mode above is that of a new file
  const after = variables();
  const hidden = secrets.filter(([name, random]) => after[name]?.value !== random).map(([name]) => name);
  if (hidden.length > 0) {
    console.error(`latchkey: ${file} has something before it that hides it: add a ${hidden.join(" and ")} by hand`);
    process.exitCode = 1;
  }
}
