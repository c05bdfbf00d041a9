// SMTP servers on this machine, with TLS from the start.

import { createServer as createPlainServer } from "node:net";
import { createServer } from "node:tls";
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";
import { trusted, untrusted } from "./certificate.mjs";

export const USER = "user@example.com";
export const PASSWORD = "pä:ss/w@rd%";

/** Listens on a free port, and gives it. The process may end meanwhile. */
async function listen(server) {
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  server.unref();
  return server.address().port;
}

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const refusal = (code, text) => Object.assign(new Error(text), { responseCode: code });

/** A mail server that takes mails, and refuses recipients named like "550" or "550-5.7.1", with the address in its words. */
export async function startServer() {
  const received = [];
  const server = new SMTPServer({
    ...trusted,
    secure: true,
    authMethods: ["PLAIN"],
    onAuth({ username, password }, _, done) {
      const isGood = username === USER && password === PASSWORD;
      done(isGood ? null : refusal(535, `5.7.8 ${username}: bad credentials`), { user: username });
    },
    onRcptTo({ address }, _, done) {
      const [, code, enhanced] = /^(\d{3})(?:-([\d.]+))?@/.exec(address) ?? [];
      done(code && refusal(Number(code), `${enhanced ? `${enhanced} ` : ""}<${address.toUpperCase()}>: refused`));
    },
    async onData(stream, { envelope: { mailFrom, rcptTo } }, done) {
      const raw = (await read(stream)).toString("latin1");
      if (mailFrom.address.startsWith("spam")) {
        done(refusal(554, `5.7.1 spam for ${rcptTo[0].address}`));
        return;
      }
      const { from, to, subject, text, html, headers } = await PostalMime.parse(raw);
      const envelope = [mailFrom, ...rcptTo].map(({ address }) => address);
      received.push({ envelope, from, to, subject, text, html, raw, headers });
      done();
    },
  });
  server.on("error", () => {}); // a client that leaves
  return { port: await listen(server.server), received };
}

/**
 * A server that says what it is told to: these texts, the first at once and each other one for what it gets; then nothing,
 * or it closes the connection.
 */
export async function startScripted({ says, closes, tls }) {
  const onConnection = (socket) => {
    const left = [...says];
    const next = () => {
      const text = left.shift();
      if (text !== undefined) {
        socket.write(text);
      }
      if (left.length === 0 && closes) {
        socket.end();
      }
    };
    socket.on("error", () => {});
    socket.on("data", next);
    next();
  };
  const servers = {
    none: () => createPlainServer(onConnection),
    untrusted: () => createServer(untrusted, onConnection),
  };
  return { port: await listen(servers[tls]?.() ?? createServer(trusted, onConnection)), received: [] };
}
