// SQLite behind the protocol that a D1 binding speaks, in a process of its own. Wrangler's local D1 answers
// through two proxies, and so slowly that the Worker under test would mostly be waiting.
// Argument: the database file; without one, an empty database in memory with the migrations applied.

import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";

const [file] = process.argv.slice(2);
const database = new DatabaseSync(file ?? ":memory:");
if (!file) {
  for (const migration of readdirSync("migrations").sort()) {
    database.exec(readFileSync(join("migrations", migration), "utf8"));
  }
}
// As long as D1's.
const BOOKMARK = "00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683";
const statements = new Map();

function run({ sql, params }) {
  if (!statements.has(sql)) {
    statements.set(sql, database.prepare(sql));
  }
  const statement = statements.get(sql);
  const columns = statement.columns().map(({ name }) => name);
  statement.setReturnArrays(true);
  const rows = statement.all(...params);
  const meta = {
    served_by: "bench",
    duration: 0,
    changes: 0,
    last_row_id: 0,
    changed_db: false,
    size_after: 0,
    rows_read: 0,
    rows_written: 0,
  };
  return { success: true, results: { columns, rows }, meta };
}

/** Runs queries in one transaction. */
function runAll(queries) {
  database.exec("BEGIN");
  try {
    const results = queries.map(run);
    database.exec("COMMIT");
    return results;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

const server = createServer(async (request, response) => {
  let answer;
  try {
    const queries = JSON.parse(await text(request));
    answer = Array.isArray(queries) ? runAll(queries) : [run(queries)];
  } catch (error) {
    answer = { success: false, error: error.message };
  }
  response.setHeader("x-cf-d1-session-commit-token", BOOKMARK);
  response.setHeader("Content-Type", "application/json").end(JSON.stringify(answer));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
