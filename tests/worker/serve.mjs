// Serves the built Worker for the tests in Rust: one server for each set of variables.
// Reads a command a line, as JSON, from standard input, and answers each with a line. Ends with its input.

import { createInterface } from "node:readline";
import { start } from "./harness.mjs";

const servers = [];

const commands = {
  /** Starts a server. */
  async start({ main, vars }) {
    const { server, origin } = await start(vars, main);
    return { server: servers.push(server) - 1, port: Number(new URL(origin).port) };
  },

  /** Runs a statement and gives its rows. */
  async sql({ server, sql }) {
    const { DB } = await servers[server].getWorker().getEnv();
    return DB.prepare(sql).raw();
  },

  /** Runs the scheduled handler, and gives its outcome. */
  async scheduled({ server }) {
    return servers[server].getWorker().scheduled({ cron: "*/10 * * * *" });
  },

  /** Gives what the Worker has written to the console. */
  async log({ server }) {
    return servers[server].getLogs().map(({ message }) => message);
  },
};

try {
  for await (const line of createInterface({ input: process.stdin })) {
    const { command, ...options } = JSON.parse(line);
    console.log(`ANSWER ${JSON.stringify(await commands[command](options))}`);
  }
} finally {
  await Promise.all(servers.map((server) => server.close()));
}
