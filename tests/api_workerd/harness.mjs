// Starts the built Worker in workerd, on D1, as wrangler.toml has it.

import { createTestHarness } from "wrangler";

process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false"; // Miniflare would ask cloudflare.com where it is.
process.env.WRANGLER_LOG ??= "error";

/**
 * Gives a server with an empty, migrated database, and its address: of the Worker as it ships, or of another `main`
 * around it. Close it at the end: workerd would go on without this process.
 */
export async function startWorker({ main, vars }) {
  const d1 = { binding: "DB", database_name: "latchkey", database_id: "test", migrations_dir: "migrations" };
  const wrapped = { config: { name: "test", main, compatibility_date: "2026-10-01", d1_databases: [d1] } };
  const shipped = { configPath: "wrangler.toml", prebuiltWorkerDir: "target/worker" };
  // As secrets, they come before those of a developer's .dev.vars.
  const server = createTestHarness({ workers: [{ ...(main ? wrapped : shipped), secrets: vars }] });
  const { url } = await server.listen();
  await server.getWorker().applyD1Migrations("DB");
  return { server, url };
}
