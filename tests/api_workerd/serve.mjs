// Serves the built Worker in workerd, on D1, for the tests: one server for each set of variables.
// Reads a command a line, as JSON, from standard input, and answers each with a line. Ends with its input.

import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import "./certificate.mjs"; // before wrangler
import { startWorker } from "./harness.mjs";
import { startScripted, startServer } from "./smtp.mjs";

const servers = [];
const smtpServers = [];

const MAILBOX = "/cdn-cgi/local/explorer/api/local/email/sending"; // of wrangler: what was sent by the binding

async function fetchJson(fetcher, url) {
  const response = await fetcher.fetch(url);
  return response.json();
}

/** Waits until all work of these requests is done, that after their answers included. */
async function allEnded(server, answered) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const ended = new Set(await fetchJson(server.getWorker("tail"), "http://tail/"));
    const missing = answered.filter((number) => !ended.has(number));
    if (missing.length === 0) {
      return;
    }
    if (Date.now() > deadline) {
      throw new Error(`requests ${missing} have not ended`);
    }
    await sleep(5);
  }
}

/** Mails to an address, oldest first. */
async function mailsTo(server, to) {
  const found = [];
  let next = "";
  do {
    const { result, result_info } = await fetchJson(server, `${MAILBOX}?per_page=100${next}`);
    found.unshift(...result.filter((mail) => mail.to.includes(to)).reverse());
    next = result_info.has_more ? `&cursor=${encodeURIComponent(result_info.cursor)}` : "";
  } while (next !== "");
  const details = found.map(({ messageId }) =>
    fetchJson(server, `${MAILBOX}?email_id=${encodeURIComponent(messageId)}`),
  );
  return (await Promise.all(details)).map(({ result }) => ({ ...result, to: result.to.join() }));
}

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

  /** Gives the mails to an address, once all work of these requests is done. */
  async mails({ server, to, answered }) {
    await allEnded(servers[server], answered);
    return mailsTo(servers[server], to);
  },

  /** Starts an SMTP server: a whole one, or one that says what it is told to. */
  async smtp({ script }) {
    const server = await (script ? startScripted(script) : startServer());
    return { server: smtpServers.push(server) - 1, port: server.port };
  },

  /** Gives the mails that an SMTP server received. */
  async received({ server }) {
    return smtpServers[server].received;
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
