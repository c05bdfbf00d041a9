// Serves the built Worker in workerd, on D1, for the tests: one server for each set of variables.
// Reads a command a line, as JSON, from standard input, and answers each with a line. Ends with its input.

import { createInterface } from "node:readline";
import { startWorker } from "./harness.mjs";

const servers = [];

const commands = {
  /** Starts a server with an empty, migrated database: of the Worker as it ships, or of another `main` around it. */
  async start(options) {
    const { server, url } = await startWorker(options);
    return { server: servers.push(server) - 1, port: Number(url.port) };
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
