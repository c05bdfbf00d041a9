// Starts the built Worker in workerd, on D1, as wrangler.toml has it.

import { createTestHarness, unstable_readConfig as readConfig } from "wrangler";

process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false"; // Miniflare would ask cloudflare.com where it is.
process.env.WRANGLER_LOG ??= "error";

const compatibility_date = "2026-10-01";
const TAIL = { name: "tail", main: "tests/api_workerd/tail.mjs", compatibility_date };

/** The upload, with the bindings of wrangler.toml. */
function shipped() {
  const config = readConfig({ config: "wrangler.toml" }, { hideWarnings: true });
  const directory = "target/worker";
  const prebuilt = {
    main: `${directory}/index.js`,
    base_dir: directory,
    no_bundle: true,
    find_additional_modules: true,
  };
  return { ...config, ...prebuilt, build: {}, secrets: { required: [] } };
}

/** Another Worker around it, with a database alone. */
function wrapped(main) {
  const d1 = { binding: "DB", database_name: "latchkey", database_id: "test", migrations_dir: "migrations" };
  return { name: "test", main, compatibility_date, d1_databases: [d1] };
}

/**
 * Gives a server with an empty, migrated database, and its address: of the Worker as it ships, or of another `main`
 * around it. A variable EMAIL binds that: to the local mailbox, or to the Worker of a file. Close it at the end: workerd
 * would go on without this process.
 */
export async function startWorker({ main, vars: { EMAIL, ...secrets } }) {
  const config = main ? wrapped(main) : shipped();
  const workers = [{ config, secrets }]; // as secrets, they come before those of a developer's .dev.vars
  if (EMAIL !== undefined) {
    config.tail_consumers = [{ service: TAIL.name }];
    workers.push({ config: TAIL });
    if (EMAIL.endsWith(".mjs")) {
      config.services = [{ binding: "EMAIL", service: "binding" }];
      workers.push({ config: { name: "binding", main: EMAIL, compatibility_date } });
    } else {
      config.send_email = [{ name: "EMAIL" }];
    }
  }
  const server = createTestHarness({ workers });
  const { url } = await server.listen();
  await server.getWorker().applyD1Migrations("DB");
  return { server, url };
}
