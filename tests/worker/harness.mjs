// Starts the built Worker in workerd, on D1, for tests.

import { createTestHarness } from "wrangler";

/** A server with an empty, migrated database: of the Worker as it ships, or of another `main` around it. */
export async function start(vars, main) {
  const d1 = { binding: "DB", database_name: "latchkey", database_id: "test", migrations_dir: "migrations" };
  const wrapped = { config: { name: "test", main, compatibility_date: "2026-10-01", d1_databases: [d1] } };
  const shipped = { configPath: "wrangler.toml", prebuiltWorkerDir: "target/worker" };
  // As secrets, they come before those of a developer's .dev.vars.
  const server = createTestHarness({ workers: [{ ...(main ? wrapped : shipped), secrets: vars }] });
  const { url } = await server.listen();
  await server.getWorker().applyD1Migrations("DB");
  return { server, origin: url.origin };
}
