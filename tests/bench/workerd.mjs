// Starts workerd by itself, without wrangler's proxy, and accounts for the CPU time of its process.

import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const require = createRequire(import.meta.url);

/** The binding `DB`, as wrangler makes it. */
const D1 =
  '(name = "DB", wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [(name = "fetcher", service = "d1")]))';

/** Serves the modules (the first is the main one) with these variables, and D1 at this port. */
export async function serve(modules, variables, d1Port) {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
  const port = await freePort();
  const embedded = modules.map((file) => {
    const name = basename(file);
    copyFileSync(file, join(folder, name));
    const kind = name.endsWith(".wasm") ? "wasm" : "esModule";
    return `(name = "./${name}", ${kind} = embed "${name}")`;
  });
  const bindings = Object.entries(variables).map(
    ([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`,
  );
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "d1", external = (address = "127.0.0.1:${d1Port}", http = ()))
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "worker")]
);
const worker :Workerd.Worker = (
  modules = [${embedded.join(", ")}],
  compatibilityDate = "2026-10-01",
  bindings = [${[...bindings, D1].join(", ")}]
);
`,
  );
  const workerd = require("workerd").default;
  const child = spawn(workerd, ["serve", join(folder, "config.capnp")], { stdio: ["ignore", "ignore", "inherit"] });
  await listening(port);
  return { port, cpu: () => cpu(child.pid), stop: () => child.kill("SIGKILL") };
}

/** Milliseconds of CPU time that all workerds under this process have used. Linux only. */
export function processorTime(root = process.pid) {
  const children = readdirSync(`/proc/${root}/task`).flatMap((thread) =>
    readFileSync(`/proc/${root}/task/${thread}/children`, "utf8").split(" ").filter(Boolean),
  );
  return children.reduce((sum, pid) => sum + processorTime(pid) + cpu(pid), 0);
}

/** Milliseconds of CPU time that a process has used, all threads together, by the operating system's accounting. */
function cpu(pid) {
  if (process.platform === "linux") {
    const threads = readdirSync(`/proc/${pid}/task`);
    const nanoseconds = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
    );
    return nanoseconds.reduce((sum, time) => sum + time, 0) / 1e6;
  }
  const time = execFileSync("ps", ["-o", "time=", "-p", pid], { encoding: "utf8" }).trim();
  return time.split(":").reduce((sum, part) => sum * 60 + Number(part), 0) * 1_000;
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function listening(port) {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const is = await new Promise((resolve) =>
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false)),
    );
    socket.destroy();
    if (is) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
