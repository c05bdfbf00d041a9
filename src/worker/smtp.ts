/**
 * SMTP (RFC 5321) with TLS from the start (RFC 8314 §3.3) and AUTH PLAIN (RFC 4616): one connection for one mail.
 *
 * docs/decisions/0003-smtp.md says why this is no package.
 */

import { connect } from "cloudflare:sockets";
import { type Mail, message } from "./message.js";

/** Failure whose message is for the log: a code, with nothing of the mail in it. */
export class SendFailure extends Error {}

/** Most characters of a reply. RFC 5321 §4.5.3.1.5 has 512 a line. */
const MAX_REPLY = 65_536;

export class SmtpConnection {
  readonly #url: URL;
  readonly #socket: Socket;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #decoder = new TextDecoder("latin1");
  #received = "";

  /** @throws If the URL is none. */
  constructor(url: string) {
    this.#url = new URL(url);
    const address = { hostname: this.#url.hostname, port: Number(this.#url.port || 465) };
    this.#socket = connect(address, { secureTransport: "on", allowHalfOpen: false });
    this.#socket.closed.catch(() => {}); // reads and writes fail too
    this.#reader = this.#socket.readable.getReader();
    this.#writer = this.#socket.writable.getWriter();
  }

  /** Sends a mail. Rejects with a `SendFailure` that names the step and the reply. */
  async send(mail: Mail): Promise<void> {
    const { address } = mail.from;
    const domain = address.slice(address.lastIndexOf("@") + 1);
    await this.#opened();
    await this.#expect("CONNECT", "2");
    await this.#command("EHLO", `EHLO ${domain}`, "2");
    await this.#command("AUTH", `AUTH PLAIN ${this.#credentials()}`, "2");
    await this.#command("MAIL", `MAIL FROM:<${address}>`, "2");
    await this.#command("RCPT", `RCPT TO:<${mail.to}>`, "2");
    await this.#command("DATA", "DATA", "3");
    await this.#command("message", `${message(mail, domain)}\r\n.`, "2");
    this.#write("QUIT").catch(() => {}); // the mail is taken, whatever comes of this
  }

  /** Closes the connection. Nothing waits for that: it may never end. */
  close(): void {
    this.#socket.close().catch(() => {});
  }

  async #opened(): Promise<void> {
    try {
      await this.#socket.opened;
    } catch (error) {
      // Nothing of the mail is in the runtime's words: it has seen nothing of it yet.
      throw new SendFailure(`CONNECT ${error instanceof Error ? error.message.slice(0, 100) : "failed"}`);
    }
  }

  /** Name and password for AUTH PLAIN. */
  #credentials(): string {
    try {
      const [name, password] = [this.#url.username, this.#url.password].map(decodeURIComponent);
      return btoa(String.fromCharCode(...new TextEncoder().encode(`\0${name}\0${password}`)));
    } catch {
      throw new SendFailure("SMTP_URL is not percent-encoded");
    }
  }

  async #command(step: string, line: string, expected: string): Promise<void> {
    try {
      await this.#write(line);
    } catch {
      throw new SendFailure(`${step} closed`);
    }
    await this.#expect(step, expected);
  }

  #write(line: string): Promise<void> {
    return this.#writer.write(new TextEncoder().encode(`${line}\r\n`));
  }

  /** Reads a reply, whose code has to begin with this digit. Its text may name the recipient. */
  async #expect(step: string, expected: string): Promise<void> {
    const reply = await this.#reply(step);
    if (!reply.startsWith(expected)) {
      throw new SendFailure(`${step} ${reply}`);
    }
  }

  /** Code of the next reply, with its enhanced one (RFC 3463) if it has that. */
  async #reply(step: string): Promise<string> {
    for (;;) {
      const last = /^(\d{3})(?: (\d\.\d{1,3}\.\d{1,3})\b)?(?: .*)?\r?\n/m.exec(this.#received); // others have "-" there
      if (last) {
        this.#received = this.#received.slice(last.index + last[0].length);
        return last.slice(1).filter(Boolean).join(" ");
      }
      const { value, done } = await this.#reader.read().catch(() => ({ value: undefined, done: true }));
      if (done || this.#received.length > MAX_REPLY) {
        throw new SendFailure(`${step} ${done ? "closed" : "without a reply"}`);
      }
      this.#received += this.#decoder.decode(value, { stream: true });
    }
  }
}
