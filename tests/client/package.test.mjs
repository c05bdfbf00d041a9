// The client as a package: packed without Rust from what is committed, installed into an app of its own, compiled and run.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startWorker } from "../api_workerd/harness.mjs";

const PROGRAM = `
import { Latchkey, type SessionChange, type User, webStorage } from "latchkey-client";

const kept = new Map<string, string>();
const storage = webStorage({
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => void kept.set(key, value),
  removeItem: (key) => void kept.delete(key),
});
declare const process: { argv: string[] };
const latchkey = new Latchkey(process.argv[2], { storage });
const changes: SessionChange[] = [];
latchkey.onSessionChange((change) => changes.push(change));
latchkey
  .register({ username: "packed", email: "packed@example.com", password: "correct horse" })
  .then((user: User) => console.log(user.username, changes.join(), [...kept.keys()].join()));
`;

describe("the package of the client", () => {
  const directory = mkdtempSync(join(tmpdir(), "latchkey-client-"));
  const clone = join(directory, "clone");
  const app = join(directory, "app");
  let packed;
  let worker;

  /** Runs a command without Rust, the network, or the settings of the npm that runs the tests. */
  function run(cwd, command, ...args) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(npm|node)_/i.test(name));
    const env = { ...Object.fromEntries(inherited), PATH: `${directory}/no-rust:${process.env.PATH}` };
    return execFileSync(command, args, {
      cwd,
      encoding: "utf8",
      env: { ...env, npm_config_cache: `${directory}/cache`, npm_config_offline: "true" },
    });
  }

  before(async () => {
    for (const name of ["cargo", "rustc"]) {
      mkdirSync(join(directory, "no-rust"), { recursive: true });
      writeFileSync(join(directory, "no-rust", name), "#!/bin/sh\necho 'there is no Rust' >&2\nexit 1\n", {
        mode: 0o755,
      });
    }
    const committed = execFileSync("git", ["ls-files", "-z", "client", "LICENSE", "package.json"], {
      encoding: "utf8",
    });
    for (const file of committed.split("\0").filter(Boolean)) {
      cpSync(file, join(clone, file));
    }
    symlinkSync(join(process.cwd(), "node_modules"), join(clone, "node_modules"));
    [packed] = JSON.parse(run(clone, "npm", "pack", "--workspace", "client", "--json", "--silent"));
    mkdirSync(app);
    writeFileSync(join(app, "package.json"), '{ "private": true, "type": "module" }\n');
    run(app, "npm", "install", "--no-audit", "--no-fund", join(clone, packed.filename));
    writeFileSync(join(app, "main.ts"), PROGRAM);
    worker = await startWorker({ vars: { JWT_SECRET: "a secret of the tests, 32 bytes or more", RATE_LIMIT: "off" } });
  });
  after(async () => {
    await worker?.server.close();
    rmSync(directory, { recursive: true });
  });

  test("it has what its users need, and nothing else", () => {
    const sources = readdirSync("client/src").map((name) => name.replace(/\.ts$/, ""));
    const built = sources.flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]);
    const files = packed.files.map(({ path }) => path);
    assert.deepEqual(files.sort(), [...built, "LICENSE", "README.md", "package.json"].sort());
  });

  for (const [resolution, module] of [
    ["nodenext", "nodenext"],
    ["node10", "esnext"],
    ["bundler", "esnext"],
  ]) {
    test(`an app whose modules are resolved as ${resolution} compiles with it`, () => {
      const compilerOptions = { moduleResolution: resolution, module, target: "es2022", types: [], strict: true };
      writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions }));
      run(app, join(process.cwd(), "node_modules/.bin/tsc"));
    });
  }

  test("the app runs", () => {
    assert.equal(run(app, "node", "main.js", worker.url.origin), "packed began latchkey.token\n");
  });
});
