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
  DATA_SECRET: "another secret of the benchmark, of 32 bytes or more", // so events are written, and staff read them
};
const say = (text) => console.error(`latchkey: ${text}`);

/** The name of the user with this id: in no order, so that neighbours in time are none in an index. */
const name = (id) => `u${(Math.imul(id, 2654435761) >>> 0).toString(16).padStart(8, "0")}`;
const SEED = `INSERT INTO users (username, email, password, created_at, updated_at)
  WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
  SELECT printf('u%08x', i * 2654435761 & 0xffffffff), printf('u%08x', i * 2654435761 & 0xffffffff) || '@example.com',
         (SELECT password FROM users WHERE id = 1), 1800000000, 1800000000 FROM n`;

const DAY = 86_400; // seconds
const sidOf = (id) => `session-${String(id).padStart(14, "0")}`;
/** A session of each of these users; those of odd ids were last seen long ago. */
const SEED_SESSIONS = `INSERT INTO sessions (user_id, sid, version, agent, place, methods, auth_time, created_at, seen_at,
    expires_at, purge_at)
  WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
  SELECT i, printf('session-%014d', i), 0, 'Firefox on Linux', 'Berlin, DE', '["pwd"]', 1800000000, 1800000000,
         iif(i % 2, 5, 9000000000), 9000000000, 9000000000 + i * 2654435761 % 1000000 FROM n`;
/** An event of each of these users, who have them in turn: a hundred of each of the first ones. */
const SEED_EVENTS = `INSERT INTO events (at, type, user_id, actor_id)
  WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
  SELECT 1800000000 + i, iif(i % 3, 'user.renamed', 'password.changed'), 1 + CAST(i / 100 AS INTEGER), 1 + CAST(i / 100 AS INTEGER) FROM n`;
/** To be run before those of odd ids are used again. */
const RESET = "UPDATE sessions SET seen_at = 5 WHERE seen_at > 5 AND user_id % 2 AND sid LIKE 'session-%'";

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
  const bytes = async () => (await DB.prepare("SELECT 1").run()).meta.size_after;
  const users = await bytes();
  for (let id = 1; id <= size; id += BATCH) {
    await DB.prepare(SEED_SESSIONS)
      .bind(id, Math.min(size, id + BATCH - 1))
      .run();
  }
  const sessions = (await bytes()) - users;
  for (let id = 1; id <= size; id += BATCH) {
    await DB.prepare(SEED_EVENTS)
      .bind(id, Math.min(size, id + BATCH - 1))
      .run();
  }
  await DB.prepare("UPDATE users SET is_staff = 1, is_superuser = 1 WHERE id = 1").run();
  return { size, bytes: { users, sessions }, port, harness, DB, next: size + 1, uses: 0 };
}

const base64url = (text) => Buffer.from(text).toString("base64url");

function token(id, more = {}) {
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const claims = { id, exp, sid: sidOf(id), ...more };
  const signed = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(JSON.stringify(claims))}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}

const register = (id, headers) =>
  request("POST", "/api/users", {
    body: { user: { username: name(id), email: `${name(id)}@example.com`, password: PASSWORD } },
    headers,
  });
const anyone = ({ size }) => 1 + Math.floor(Math.random() * size);
const anyRecorded = ({ size }) => 2 + 2 * Math.floor((Math.random() * size) / 2);
/** The next user whose session was last seen long ago, in no order. */
const nextStale = (server) => 1 + ((2 * (Math.imul(server.uses++, 2654435761) >>> 0)) % server.size);

const login = (server, password, headers) =>
  request("POST", "/api/users/login", {
    body: { user: { email: `${name(anyone(server))}@example.com`, password } },
    headers,
  });

/** Names, and what is sent to a server. What is left after a response is counted with it. */
const workloads = {
  "GET /api/user": (server, headers) => request("GET", "/api/user", { token: token(anyRecorded(server)), headers }),
  "GET /api/user, a day after the last": (server, headers) =>
    request("GET", "/api/user", { token: token(nextStale(server)), headers }),
  login: (server, headers) => login(server, PASSWORD, headers),
  registration: (server, headers) => register(server.next++, headers),
  update: (server, headers) =>
    request("PUT", "/api/user", {
      token: token(anyRecorded(server)),
      body: { user: { bio: "I keep the keys." } },
      headers,
    }),
  "list of sessions": (server, headers) =>
    request("GET", "/api/user/sessions", { token: token(anyRecorded(server)), headers }),
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
      await server.DB.prepare(RESET).run();
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
statements.purge = [];
for (const server of servers) {
  // A thousand whose time has come, half of which are over.
  await server.DB.prepare(
    "UPDATE sessions SET purge_at = user_id, expires_at = iif(user_id % 2, 5, expires_at) WHERE user_id <= 1000",
  ).run();
  const before = server.harness.getLogs().length;
  await server.harness.getWorker().scheduled({ cron: "*/10 * * * *" });
  const told = server.harness.getLogs().slice(before);
  const lines = told.map(({ message }) => message).filter((line) => line.startsWith('{"sql"'));
  statements.purge.push(lines.map((line) => JSON.parse(line)));
}

/** What staff read, a page of 50 each. */
const pages = {
  "staff: users": "users",
  "staff: users, state staff": "users?state=staff",
  "staff: search for u7": "users?q=u7",
  "staff: search for u7f3": "users?q=u7f3",
  "staff: events": "events",
  "staff: events of a type": "events?type=password.changed",
  "staff: events of a user": "events?user=7",
  "staff: events of a user and a type": "events?user=7&type=password.changed",
};
/** Pages that read more rows than they may. */
const costly = [];
for (const [name, path] of Object.entries(pages)) {
  statements[name] = [];
  for (const server of servers) {
    const proof = { auth_time: Math.floor(Date.now() / 1_000), amr: ["pwd", "mfa"] };
    const before = server.harness.getLogs().length;
    const ask = () => request("GET", `/api/admin/${path}`, { token: token(1, proof), headers: ["X-Count: yes"] });
    const { body } = await send(server.port, ask, 1, 1);
    const page = JSON.parse(body);
    const told = server.harness.getLogs().slice(before);
    const lines = told.map(({ message }) => message).filter((line) => line.startsWith('{"sql"'));
    const of = lines.map((line) => JSON.parse(line)).filter(({ sql }) => !sql.startsWith("INSERT INTO sessions"));
    statements[name].push(of);
    const read = of.filter(({ sql }) => sql.includes("json_group_array")).reduce((sum, { read }) => sum + read, 0);
    const given = (page.users ?? page.events).length;
    if (read - given >= 20) {
      costly.push(`${name}: ${read} rows read for ${given}`);
    }
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
  database.prepare(SEED_SESSIONS).run(1, size);
  const users = Array.from({ length: ENGINE_COUNT }, () => 1 + Math.floor(Math.random() * size));
  const now = 1_800_000_000;
  const key = (id, sid = sidOf(id), at = now) => [id, 0, sid, null, at];
  const record = (id, sid, at = now) => [...key(id, sid, at), at + 60 * DAY, null, null, '["pwd"]', now];
  /** Parameters of the user, the event, and the row that is read of the user. */
  const inserted = (...values) => [values, [...values, null, null], values.slice(0, 3)];
  const params = {
    "GET /api/user": (id) => [key(id)],
    "GET /api/user, a day after the last": (id, index) => [key(id), record(id, sidOf(id), 9_000_000_000 + index * DAY)],
    login: (id, index) => [["account", "address", "", now, `${name(id)}@example.com`], record(id, `login-${index}`)],
    registration: (_, index) => [
      [20_000, "address", "network", 1_000_000, 4_000_000],
      ...inserted(`${name(size + index + 1)}@example.com`, name(size + index + 1), "x".repeat(140), now),
      record(size + index + 1, `registration-${index}`),
    ],
    update: (id) => [key(id), [...key(id), "I keep the keys."]],
    "list of sessions": (id) => [key(id), [id, sidOf(id), 10_000, now, now, null, now, null, null, '["pwd"]']],
  };
  return Object.keys(workloads).map((kind) => {
    const [of] = statements[kind];
    const prepared = of.map(({ sql }) => database.prepare(sql));
    const before = process.cpuUsage();
    users.forEach((id, index) => params[kind](id, index).forEach((values, number) => prepared[number].all(...values)));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / ENGINE_COUNT;
  });
}
say("SQLite alone");
const alone = SIZES.map(engine);

const [smallest, largest] = [servers[0], servers.at(-1)].map(({ bytes }) => bytes);
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
// The table in its own order, up to a limit, is no scan of it.
const scans = [...plans]
  .filter(([sql]) => !/ORDER BY id( DESC)? LIMIT/.test(sql))
  .flatMap(([, steps]) => steps)
  .filter((step) => /^SCAN (users|sessions|login_failures|registrations|events)$/.test(step));
const grown = SIZES.at(-1) - SIZES[0];
const bytesPerUser = (largest.users - smallest.users) / grown;
const bytesPerSession = (largest.sessions - smallest.sessions) / grown;
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
${ROUNDS} interleaved rounds of ${COUNT} requests. Passwords have one iteration here, so that a login's own hash doesn't hide its read. \`DATA_SECRET\` is
set, so a registration writes an event: five of its rows, three of them in indexes.

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

Staff get pages of 50. A page reads fewer than 20 rows that it does not give${costly.length === 0 ? "" : ` — **but ${costly.join("; ")}**`}, beside the rows of the
caller and their session.

A user takes ${bytesPerUser.toFixed(0)} bytes with all indexes, with an empty \`bio\` and \`image\`; add what yours have. A session takes ${bytesPerSession.toFixed(0)}
(${(largest.users / 2 ** 20).toFixed(0)} and ${(largest.sessions / 2 ** 20).toFixed(0)} MiB at ${sizes.at(-1)}; here each user has one). The purge above finds a thousand sessions whose time has come, half of them over.

## Query plans at ${sizes.at(-1)} users

${scans.length === 0 ? "No statement scans a table." : `**Scans:** ${scans.join("; ")}`}

${[...plans].map(([sql, steps]) => `\`\`\`sql\n${sql.replace(/\s+/g, " ")}\n-- ${steps.filter(Boolean).join("\n-- ") || "nothing is looked up"}\n\`\`\``).join("\n\n")}

## What a million requests cost

${costs(cpu, billed, bytesPerUser, bytesPerSession)}
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
process.exit(growth.some((row) => Number(row.at(-1)) > 1.1) || scans.length > 0 || costly.length > 0 ? 1 : 0);
