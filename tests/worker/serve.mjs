// Serves the built Worker in workerd, on D1, for the tests: one server for each set of variables.
// Reads a command a line, as JSON, from standard input, and answers each with a line. Ends with its input.

import { createInterface } from "node:readline";
import { createTestHarness } from "wrangler";

const servers = [];

const commands = {
  /** Starts a server with an empty, migrated database: of the Worker as it ships, or of another `main` around it. */
  async start({ main, vars }) {
    const d1 = { binding: "DB", database_name: "latchkey", database_id: "test", migrations_dir: "migrations" };
    const wrapped = { config: { name: "test", main, compatibility_date: "2026-10-01", d1_databases: [d1] } };
    const shipped = { configPath: "wrangler.toml", prebuiltWorkerDir: "target/worker" };
    // As secrets, they come before those of a developer's .dev.vars.
    const server = createTestHarness({ workers: [{ ...(main ? wrapped : shipped), secrets: vars }] });
    const { url } = await server.listen();
    await server.getWorker().applyD1Migrations("DB");
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
