// Measures how the cost of a request grows with the number of users, on local D1 databases of wrangler's, and writes
// docs/growth.md and docs/growth.svg. `npm run bench:scale` builds what this needs, and runs it.

import { createHmac } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { createTestHarness } from "wrangler";

import { lines } from "./chart.mjs";
import { costs } from "./cost.mjs";
import { request, send } from "./load.mjs";
import { processorTime } from "./workerd.mjs";

process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false"; // Miniflare would ask cloudflare.com where it is.
process.env.WRANGLER_LOG ??= "error";

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const BATCH = 50_000;
const ROUNDS = 7;
const COUNT = 400; // requests a round
const CONNECTIONS = 4;
const ENGINE_COUNT = 50_000;
const PASSWORD = "correct horse";
const SECRET = "a secret of the benchmark, 32 bytes or more";

// The hash is what a login costs whatever is in the database; so as little of it as can be.
const vars = {
  JWT_SECRET: SECRET,
  RATE_LIMIT: "off",
  REGISTRATIONS_PER_ADDRESS: "1000000", // counted, as by default
  PASSWORD_HASHER: "pbkdf2_sha512$1",
};
const say = (text) => console.error(`latchkey: ${text}`);

/** The name of the user with this id: in no order, so that neighbours in time are none in an index. */
const name = (id) => `u${(Math.imul(id, 2654435761) >>> 0).toString(16).padStart(8, "0")}`;
const SEED = `INSERT INTO users (username, email, password, created_at, updated_at)
  WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
  SELECT printf('u%08x', i * 2654435761 & 0xffffffff), printf('u%08x', i * 2654435761 & 0xffffffff) || '@example.com',
         (SELECT password FROM users WHERE id = 1), 1800000000, 1800000000 FROM n`;

async function start(size) {
  const d1 = { binding: "DB", database_name: "latchkey", database_id: "scale", migrations_dir: "migrations" };
  const config = {
    name: "scale",
    main: "tests/bench/counted.mjs",
    compatibility_date: "2026-10-01",
    d1_databases: [d1],
  };
  // As secrets, they come before those of a developer's .dev.vars.
  const harness = createTestHarness({ workers: [{ config, secrets: vars }] });
  const { url } = await harness.listen();
  await harness.getWorker().applyD1Migrations("DB");
  const port = Number(url.port);
  await send(port, () => register(1), 1, 1);
  const { DB } = await harness.getWorker().getEnv();
  for (let id = 2; id <= size; id += BATCH) {
    await DB.prepare(SEED)
      .bind(id, Math.min(size, id + BATCH - 1))
      .run();
  }
  const { meta } = await DB.prepare("SELECT 1").run();
  return { size, bytes: meta.size_after, port, harness, next: size + 1 };
}

const base64url = (text) => Buffer.from(text).toString("base64url");

function token(id) {
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const signed = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(JSON.stringify({ id, exp }))}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}

const register = (id, headers) =>
  request("POST", "/api/users", {
    body: { user: { username: name(id), email: `${name(id)}@example.com`, password: PASSWORD } },
    headers,
  });
const anyone = ({ size }) => 1 + Math.floor(Math.random() * size);

const login = (server, password, headers) =>
  request("POST", "/api/users/login", {
    body: { user: { email: `${name(anyone(server))}@example.com`, password } },
    headers,
  });

/** Names, and what is sent to a server. */
const workloads = {
  "GET /api/user": (server, headers) => request("GET", "/api/user", { token: token(anyone(server)), headers }),
  login: (server, headers) => login(server, PASSWORD, headers),
  registration: (server, headers) => register(server.next++, headers),
  update: (server, headers) =>
    request("PUT", "/api/user", { token: token(anyone(server)), body: { user: { bio: "I keep the keys." } }, headers }),
};

const servers = [];
for (const size of SIZES) {
  say(`${size.toLocaleString("en")} users`);
  servers.push(await start(size));
}

const measured = Object.fromEntries(Object.keys(workloads).map((name) => [name, servers.map(() => [])]));
for (let round = 0; round <= ROUNDS; round++) {
  say(round === 0 ? "warming up" : `round ${round} of ${ROUNDS}`);
  for (const [name, make] of Object.entries(workloads)) {
    for (const [index, server] of servers.entries()) {
      const before = processorTime();
      await send(server.port, () => make(server), COUNT, CONNECTIONS);
      if (round > 0) {
        measured[name][index].push((processorTime() - before) / COUNT);
      }
    }
  }
}

say("counting rows");
const statements = {};
const failure = (server, headers) => login(server, "wrong password", headers);
for (const [name, make] of [...Object.entries(workloads), ["login that fails", failure]]) {
  statements[name] = [];
  for (const server of servers) {
    const before = server.harness.getLogs().length;
    await send(server.port, () => make(server, ["X-Count: yes"]), 1, 1, make === failure ? 4 : 2);
    const told = server.harness
      .getLogs()
      .slice(before)
      .map(({ message }) => message);
    statements[name].push(told.filter((line) => line.startsWith('{"sql"')).map((line) => JSON.parse(line)));
  }
}
/** Microseconds of CPU time that SQLite alone takes for each workload's statements, on a database in memory. */
function engine(size) {
  const database = new DatabaseSync(":memory:");
  for (const migration of readdirSync("migrations").sort()) {
    database.exec(readFileSync(`migrations/${migration}`, "utf8"));
  }
  database
    .prepare(
      "INSERT INTO users (id, username, email, password, created_at, updated_at) VALUES (1, 'first', 'first@example.com', ?, 0, 0)",
    )
    .run("x".repeat(140));
  database.prepare(SEED).run(2, size);
  const users = Array.from({ length: ENGINE_COUNT }, () => 1 + Math.floor(Math.random() * size));
  const session = (id) => [id, 0, "sid", null, 1_800_000_000];
  const params = [
    (id) => [session(id)],
    (id) => [["account", "address", "", 1_800_000_000, `${name(id)}@example.com`]],
    (_, index) => [
      [20_000, "address", "network", 1_000_000, 4_000_000],
      [`${name(size + index + 1)}@example.com`, name(size + index + 1), "x".repeat(140), 1_800_000_000],
    ],
    (id) => [session(id), [...session(id), "I keep the keys."]],
  ];
  return Object.keys(workloads).map((kind, workload) => {
    const [of] = statements[kind];
    const prepared = of.map(({ sql }) => database.prepare(sql));
    const before = process.cpuUsage();
    users.forEach((id, index) =>
      params[workload](id, index).forEach((values, number) => prepared[number].all(...values)),
    );
    const { user, system } = process.cpuUsage(before);
    return (user + system) / ENGINE_COUNT;
  });
}
say("SQLite alone");
const alone = SIZES.map(engine);

const bytes = servers.map(({ bytes }) => bytes);
await Promise.all(servers.map(({ harness }) => harness.close()));

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const sum = (statements, figure) => statements.reduce((sum, statement) => sum + statement[figure], 0);
const table = (head, rows) => [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
const sizes = SIZES.map((size) => size.toLocaleString("en"));

const growth = Object.entries(measured).map(([name, rounds]) => {
  const ratio = median(rounds.at(-1).map((time, round) => time / rounds[0][round]));
  return [name, ...rounds.map((times) => `${median(times).toFixed(2)} ms`), ratio.toFixed(2)];
});
const rows = Object.entries(statements).map(([name, of]) => [
  name,
  of[0].length,
  ...of.map((statements) => `${sum(statements, "read")} / ${sum(statements, "written")}`),
]);
const plans = new Map(
  Object.values(statements)
    .flatMap((of) => of.at(-1))
    .map(({ sql, steps }) => [sql, steps]),
);
const scans = [...plans.values()]
  .flat()
  .filter((step) => /^SCAN (users|sessions|login_failures|registrations)\b/.test(step));
const bytesPerUser = (bytes.at(-1) - bytes[0]) / (SIZES.at(-1) - SIZES[0]);
const billed = Object.fromEntries(
  Object.keys(workloads).map((name) => {
    const [of] = statements[name].slice(-1);
    return [name, { read: sum(of, "read"), written: sum(of, "written") }];
  }),
);
const cpu = JSON.parse(readFileSync("docs/benchmark.json", "utf8"));

writeFileSync(
  "docs/growth.md",
  `# Growth

Written by \`npm run bench:scale\` on ${new Date().toISOString().slice(0, 10)}, with four databases of wrangler's local D1 side by side, requests for users picked at random, and
${ROUNDS} interleaved rounds of ${COUNT} requests. Passwords have one iteration here, so that a login's own hash doesn't hide its read.

![CPU time per request, by number of users](growth.svg)

## CPU time per request

The operating system's account of workerd with the Worker, D1 and wrangler's proxies in it: medians, and the median of the ratios in each round.

${table(["", ...sizes.map((size) => `${size} users`), `${sizes.at(-1)} against ${sizes[0]}`], growth)}

SQLite alone, in memory, without anything around it, in microseconds of CPU time: what grows, and how little it is of the whole.

${table(
  ["", ...sizes.map((size) => `${size} users`)],
  Object.keys(workloads).map((name, row) => [name, ...alone.map((times) => times[row].toFixed(1))]),
)}

## Rows read / written per request, as D1 bills them

${table(["", "statements", ...sizes.map((size) => `${size} users`)], rows)}

A user takes ${bytesPerUser.toFixed(0)} bytes with all indexes${" "}(${(bytes.at(-1) / 2 ** 20).toFixed(0)} MiB at ${sizes.at(-1)}). An empty \`bio\` and \`image\`; add what yours have.

## Query plans at ${sizes.at(-1)} users

${scans.length === 0 ? "No statement scans a table." : `**Scans:** ${scans.join("; ")}`}

${[...plans].map(([sql, steps]) => `\`\`\`sql\n${sql.replace(/\s+/g, " ")}\n-- ${steps.filter(Boolean).join("\n-- ") || "nothing is looked up"}\n\`\`\``).join("\n\n")}

## What a million requests cost

${costs(cpu, billed, bytesPerUser)}
`,
);
writeFileSync(
  "docs/growth.svg",
  lines(
    "CPU time per request, in milliseconds, by number of users",
    sizes,
    Object.entries(measured).map(([name, rounds]) => [name, rounds.map(median)]),
  ),
);
console.log(readFileSync("docs/growth.md", "utf8"));
process.exit(growth.some((row) => Number(row.at(-1)) > 1.1) || scans.length > 0 ? 1 : 0);
