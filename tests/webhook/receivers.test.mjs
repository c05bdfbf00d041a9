// The webhook of the built Worker, with receivers as docs/admin.md has them: in JavaScript, and in Python where PYTHON names one
// that has `standardwebhooks`. `npm run test:webhook` brings that.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { startWorker } from "../api_workerd/harness.mjs";

const CURRENT = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PREVIOUS = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const { PYTHON } = process.env;
const RECEIVERS = [
  { language: "js", command: process.execPath, options: ["--input-type=module", "--eval"], secret: CURRENT },
  { language: "python", command: PYTHON, options: ["-u", "-c"], secret: PREVIOUS },
];

const [, section] = readFileSync("docs/admin.md", "utf8").split("\n## Webhook\n");
const codeIn = (language) => section.match(new RegExp(`\n\`\`\`${language}\n([^]*?)\n\`\`\`\n`))[1];

/** Waits until something holds. */
async function until(holds) {
  while (!(await holds())) {
    await sleep(10); // ends with the test, if it never does
  }
}

const accepts = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.end());
  });

async function freePort() {
  const server = createTcpServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a receiver of the document, and gives its address and the lines that it has written. */
async function startReceiver({ language, command, options, secret }) {
  const port = await freePort();
  const env = { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) };
  const child = spawn(command, [...options, codeIn(language)], { env, stdio: ["ignore", "pipe", "ignore"] });
  const lines = [];
  child.stdout.setEncoding("utf8").on("data", (text) => lines.push(...text.trim().split("\n")));
  await until(() => accepts(port));
  return { url: `http://127.0.0.1:${port}/`, lines, stop: () => child.kill() };
}

/**
 * Starts a server in front of it, which keeps requests, and answers with a status and a body without end, or as the receiver
 * behind it does.
 */
async function startFront() {
  const front = { received: [], status: 503, retryAfter: undefined, behind: undefined };
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const { headers } = request;
    const sent = Object.entries(headers).filter(([name]) => name.startsWith("webhook-"));
    front.received.push({ body, headers });
    if (front.behind) {
      const { status } = await fetch(front.behind, { method: "POST", headers: Object.fromEntries(sent), body });
      response.writeHead(status).end();
    } else {
      response.writeHead(front.status, front.retryAfter && { "Retry-After": front.retryAfter });
      response.write("x".repeat(1_000_000));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  front.url = `http://127.0.0.1:${server.address().port}/hooks/latchkey`;
  front.close = () => {
    server.close();
    server.closeAllConnections();
  };
  return front;
}

for (const receiver of RECEIVERS) {
  const skip = !receiver.command && "npm run test:webhook runs it";
  describe(`a webhook with the receiver in ${receiver.language}`, { skip }, () => {
    let front;
    let worker;
    let behind;
    let sql;
    before(async () => {
      [front, behind] = await Promise.all([startFront(), startReceiver(receiver)]);
      worker = await startWorker({
        vars: {
          JWT_SECRET: "a secret of the tests, 32 bytes or more",
          PASSWORD_HASHER: "pbkdf2_sha256$1", // strength is not the point
          RATE_LIMIT: "off",
          WEBHOOK_URL: front.url,
          WEBHOOK_SECRET: CURRENT,
          WEBHOOK_SECRET_PREVIOUS: PREVIOUS,
        },
      });
      const { DB } = await worker.server.getWorker().getEnv();
      sql = (text) => DB.prepare(text).raw();
    });
    after(async () => {
      behind?.stop();
      front?.close();
      await worker?.server.close();
    });

    const schedule = () => worker.server.getWorker().scheduled({ cron: "*/10 * * * *" });
    const verify = ({ body, headers }, secret) => new Webhook(secret).verify(body, headers);

    test("an event that failed is sent again by the schedule, and is good", async () => {
      const hour = Math.floor(Date.now() / 1_000) + 3_600;
      front.retryAfter = new Date(hour * 1_000).toUTCString();
      const user = { username: "jake", email: "jake@example.com", password: "correct horse" };
      const registered = await fetch(`${worker.url.origin}/api/users`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ user }),
      });
      assert.equal(registered.status, 201);
      await until(async () => (await sql("SELECT 1 FROM events WHERE failure = 'status 503'")).length > 0);
      assert.equal(front.received.length, 1);
      await schedule();
      assert.equal(front.received.length, 1, "not before its time");
      const [[due]] = await sql("SELECT due_at FROM events");
      assert.ok(due >= hour && due <= hour + 60, `${due - hour} s after the date that the server asked for`);

      await sql("UPDATE events SET due_at = 0");
      front.behind = behind.url;
      assert.equal((await schedule()).outcome, "ok");
      await until(() => behind.lines.length > 0);
      const [first, second] = front.received;
      assert.equal(second.headers["webhook-id"], first.headers["webhook-id"]);
      assert.deepEqual(behind.lines, [`${first.headers["webhook-id"]} user.registered 1`]);
      for (const delivery of [first, second]) {
        for (const secret of [CURRENT, PREVIOUS]) {
          const { type, data } = verify(delivery, secret);
          assert.deepEqual({ type, data }, { type: "user.registered", data: { user: { id: 1 }, actor: 1 } });
        }
        assert.throws(() => verify(delivery, `whsec_${"A".repeat(32)}`), WebhookVerificationError);
        assert.equal(delivery.headers["content-type"], "application/json");
      }
      assert.deepEqual(await sql("SELECT attempts, due_at, failure FROM events"), [[2, null, null]]);
      await schedule();
      assert.equal(front.received.length, 2, "once it is taken, no more");
    });

    test("the receiver refuses what was changed, or is of another time", async () => {
      const { body, headers } = front.received[1];
      const status = async (change) => {
        const sent = { body, id: headers["webhook-id"], timestamp: headers["webhook-timestamp"], ...change };
        const response = await fetch(behind.url, {
          method: "POST",
          headers: {
            "webhook-id": sent.id,
            "webhook-timestamp": sent.timestamp,
            "webhook-signature": headers["webhook-signature"],
          },
          body: sent.body,
        });
        return response.status;
      };
      assert.equal(await status({}), 204);
      for (const change of [
        { body: body.replace('"id":1', '"id":2') },
        { id: `${headers["webhook-id"]}0` },
        { timestamp: String(Number(headers["webhook-timestamp"]) + 1) },
        { timestamp: "0" },
      ]) {
        assert.equal(await status(change), 400, JSON.stringify(change));
      }
    });

    test("a server that is gone is sent nothing until that is lifted", async () => {
      front.behind = undefined;
      front.status = 410;
      await sql("UPDATE events SET due_at = 0");
      await schedule();
      await schedule();
      assert.equal(front.received.length, 3);
      front.status = 200;
      await sql("DELETE FROM webhook");
      await schedule();
      assert.equal(front.received.length, 4);
      const log = worker.server.getLogs().map(({ message }) => message);
      const failures = log.filter((line) => line.includes('"event":"webhook_failed"'));
      assert.deepEqual(
        failures.map((line) => JSON.parse(line)).map(({ level, code, stops }) => [level, code, stops]),
        [
          ["warn", "status 503", false],
          ["error", "status 410", true],
        ],
      );
      assert.equal(log.join().includes("hooks/latchkey"), false);
    });
  });
}
