// Checks the OpenAPI document of the running Worker, in each dialect: whether it is a valid OpenAPI document, and whether the
// API keeps to it whatever schemathesis sends. Arguments: the folder of these commands.

import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startWorker } from "../api_workerd/harness.mjs";

let token = "";
const bin = resolve(process.argv[2]);
const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
const vars = {
  JWT_SECRET: "a secret of the tests, 32 bytes or more",
  PASSWORD_HASHER: "pbkdf2_sha256$1", // strength is not the point
  RATE_LIMIT: "off",
  REGISTRATIONS_PER_ADDRESS: "0",
  LOGIN_FAILURES_PER_ADDRESS: "0",
  LOGIN_FAILURES_PER_ACCOUNT: "0",
  // Every feature.
  EMAIL: "local",
  MAIL_FROM: "accounts@example.com",
  APP_URL: "https://app.example.com/",
  MAIL_SIGN_IN: "on",
  DATA_SECRET: "another secret of the tests, of 32 bytes or more",
  PASSKEY_RP_ID: "example.com",
  ALLOWED_ORIGINS: "https://app.example.com",
};

/** A token of a superuser who has proved two factors a moment ago, and is good for an hour. */
async function superuser({ server, url }) {
  const user = { username: "root", email: "root@example.com", password: "correct horse" };
  const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ user }) };
  await fetch(`${url.origin}/api/users`, init);
  const { DB } = await server.getWorker().getEnv();
  const change = DB.prepare("UPDATE users SET is_staff = 1, is_superuser = 1 WHERE username = 'root' RETURNING id");
  const { id } = await change.first();
  const now = Math.floor(Date.now() / 1_000);
  const claims = { id, exp: now + 3_600, ver: 0, sid: "root", auth_time: now, amr: ["pwd", "mfa"] };
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", vars.JWT_SECRET).update(signed).digest("base64url")}`;
}

function run(command, ...parameters) {
  const env = { ...process.env, PYTHONPATH: here, SCHEMATHESIS_HOOKS: "user", SUPERUSER: token };
  const { status, error } = spawnSync(join(bin, command), parameters, { stdio: "inherit", cwd: folder, env });
  if (error || status !== 0) {
    throw error ?? new Error(`${command} found what is not so`);
  }
}

try {
  for (const dialect of ["django", "realworld"]) {
    const { server, url } = await startWorker({ vars: { ...vars, API_DIALECT: dialect } });
    try {
      const address = `${url.origin}/api/openapi.json`;
      const file = join(folder, `${dialect}.json`);
      writeFileSync(file, await (await fetch(address)).text());
      console.log(`\nThe dialect ${dialect}`);
      token = await superuser({ server, url });
      run("openapi-spec-validator", file);
      const config = ["--config-file", join(here, "schemathesis.toml")];
      // One worker: with more of them, each run sends something else.
      const how = ["--seed", "1", "--max-examples", "50", "--workers", "1", "--no-color"];
      run("schemathesis", ...config, "run", address, ...how);
    } finally {
      await server.close();
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
