/** Operations that wasm asks for, for one request. */

import {
  type Host,
  resumeAfterResponse,
  resumeAfterSending,
  resumeWithAsset,
  resumeWithBody,
  resumeWithBytes,
  resumeWithFetched,
  resumeWithoutBody,
  resumeWithRateLimit,
  resumeWithRow,
  resumeWithVerdict,
} from "../../build/latchkey.js";
import { readBody } from "./body.js";
import { type AlgorithmNumber, decrypt, encrypt, verifySignature } from "./crypto.js";
import { Outgoing } from "./fetch.js";
import { sendMail, type Transports } from "./mail.js";
import type { Mail } from "./message.js";

/** Bindings of `wrangler.toml`; each may be missing. */
export interface Env extends Transports {
  ASSETS?: Fetcher;
  DB?: D1Database;
  LIMITER?: RateLimit;
  NETWORK_LIMITER?: RateLimit;
  UPDATE_LIMITER?: RateLimit;
}

/** Resumes the task with what it waits for, and tells whether it is pending. */
export type Resume = (id: number) => boolean;

/** Longest URL that is read, in characters. Of a longer one only the origin is, so no endpoint is found. */
const MAX_URL = 2_048;

/** Most characters of a header that are read. A token that is clipped is not good. */
const MAX_AUTHORIZATION = 4_096;
const MAX_HEADER = 512;

/** Operation that a task waits for. */
export type Operation =
  | "nothing"
  | "body"
  | "row"
  | "asset"
  | "rate limit"
  | "request"
  | "mail"
  | "crypto"
  | "response";

export class RequestHost implements Host {
  readonly #request: Request | undefined;
  readonly #env: Env;
  #outgoing: Outgoing | undefined;
  /** Operation that is pending, and its outcome. */
  operation: Operation = "nothing";
  pending: Promise<Resume> | undefined;
  /** The response can be sent, and the task goes on after that. */
  isInBackground = false;
  response: Response | undefined;

  /** @param request None for the schedule. */
  constructor(request: Request | undefined, env: Env) {
    this.#request = request;
    this.#env = env;
  }

  header(name: string): string | undefined {
    return header(this.#request?.headers, name, MAX_HEADER);
  }

  place(): string | undefined {
    const { city, country } = this.#request?.cf ?? {};
    const known = [city, country].filter((part) => typeof part === "string");
    return known.length > 0 ? known.join(", ") : undefined;
  }

  readBody(limit: number): void {
    this.operation = "body";
    this.pending = resumeWithBodyOf(this.#request, limit);
  }

  query(constraint: string | undefined, sql: string, params: string): void {
    this.operation = "row";
    this.pending = query(this.#env, constraint, sql, params);
  }

  batch(constraint: string | undefined, statements: string): void {
    this.operation = "row";
    this.pending = batch(this.#env, constraint, statements);
  }

  readAsset(path: string): void {
    this.operation = "asset";
    this.pending = readAsset(this.#env, path);
  }

  checkRateLimit(binding: "LIMITER" | "NETWORK_LIMITER" | "UPDATE_LIMITER", key: string): void {
    this.operation = "rate limit";
    this.pending = checkRateLimit(this.#env[binding], key);
  }

  fetch(method: string, url: string, headers: string, body: string | undefined): void {
    this.operation = "request";
    this.#outgoing = new Outgoing(url, { method, headers: headersOf(headers.split("\n")), body: body ?? null });
    this.pending = afterSending();
  }

  receive(timeout: number, maxBytes: number): void {
    this.operation = "request";
    this.pending = receive(this.#outgoing, timeout, maxBytes);
  }

  sendMail(name: string | undefined, from: string, to: string, subject: string, text: string, html: string): void {
    this.operation = "mail";
    this.pending = resumeAfterMail(this.#env, { from: { name, address: from }, to, subject, text, html });
  }

  // What wasm hands in are views of its memory, which changes before WebCrypto has read them.
  encrypt(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, context: string): void {
    this.operation = "crypto";
    this.pending = resumeWithBytesOf(encrypt(key.slice(), nonce.slice(), text.slice(), context));
  }

  decrypt(key: Uint8Array, nonce: Uint8Array, encrypted: Uint8Array, context: string): void {
    this.operation = "crypto";
    this.pending = resumeWithBytesOf(decrypt(key.slice(), nonce.slice(), encrypted.slice(), context));
  }

  verifySignature(algorithm: AlgorithmNumber, publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): void {
    this.operation = "crypto";
    this.pending = verify(algorithm, publicKey.slice(), signature.slice(), message.slice());
  }

  respond(head: string, bookmark: string | undefined, body: string | undefined): void {
    const response = new Response(body ?? null, responseInit(head));
    if (bookmark !== undefined) {
      response.headers.set("X-D1-Bookmark", bookmark);
    }
    this.response = response;
  }

  continueInBackground(): void {
    this.operation = "response";
    this.isInBackground = true;
    this.pending = afterResponse();
  }
}

/** Reads what nearly every request needs, as wasm takes it: method, URL, and two headers. */
export function readHead({ method, url, headers }: Request) {
  const place = url.length > MAX_URL ? new URL(url).origin : url;
  const authorization = header(headers, "authorization", MAX_AUTHORIZATION);
  return [method, place, authorization, header(headers, "origin", MAX_HEADER)] as const;
}

function header(headers: Headers | undefined, name: string, max: number): string | undefined {
  return headers?.get(name)?.slice(0, max);
}

async function resumeWithBodyOf(request: Request | undefined, limit: number): Promise<Resume> {
  const body = request ? await readBody(request, limit) : new Uint8Array();
  return typeof body === "number" ? (id) => resumeWithoutBody(id, body) : (id) => resumeWithBody(id, body);
}

/** The database; the primary, or in a session what the constraint allows. */
function database({ DB }: Env, constraint: string | undefined): D1Database | D1DatabaseSession {
  if (!DB) {
    throw new Error("there is no D1 binding DB in wrangler.toml");
  }
  return constraint === undefined ? DB : DB.withSession(constraint);
}

async function query(env: Env, constraint: string | undefined, sql: string, params: string): Promise<Resume> {
  const db = database(env, constraint);
  const [row] = await db
    .prepare(sql)
    .bind(...JSON.parse(params))
    .raw();
  return resumeWith(db, row);
}

async function batch(env: Env, constraint: string | undefined, statements: string): Promise<Resume> {
  const db = database(env, constraint);
  const pairs: [string, unknown[]][] = JSON.parse(statements);
  const results = await db.batch<Record<string, unknown>>(
    pairs.map(([sql, params]) => db.prepare(sql).bind(...params)),
  );
  const row = results.at(-1)?.results[0];
  return resumeWith(db, row && Object.values(row));
}

async function readAsset({ ASSETS }: Env, path: string): Promise<Resume> {
  if (!ASSETS) {
    throw new Error('there is no binding of assets in wrangler.toml: set binding = "ASSETS" under [assets]');
  }
  const response = await ASSETS.fetch(`http://assets${path}`); // the host does not matter
  if (!response.ok) {
    throw new Error(`status ${response.status}: run "npm run build", and deploy again`);
  }
  const text = await response.text();
  return (id) => resumeWithAsset(id, text);
}

async function checkRateLimit(limiter: RateLimit | undefined, key: string): Promise<Resume> {
  const isWithin = limiter ? (await limiter.limit({ key })).success : undefined;
  return (id) => resumeWithRateLimit(id, isWithin);
}

async function afterSending(): Promise<Resume> {
  await scheduler.wait(1); // sent by then, if the connection is open: what wasm computes next would hold it up
  return resumeAfterSending;
}

async function receive(outgoing: Outgoing | undefined, timeout: number, maxBytes: number): Promise<Resume> {
  if (!outgoing) {
    throw new Error("no request was started");
  }
  const { status, text, retryAfter } = await outgoing.receive(timeout, maxBytes);
  return (id) => resumeWithFetched(id, status, text, retryAfter);
}

async function resumeAfterMail(env: Env, mail: Mail): Promise<Resume> {
  await sendMail(env, mail);
  return resumeAfterSending;
}

async function resumeWithBytesOf(result: Promise<Uint8Array | undefined>): Promise<Resume> {
  const bytes = await result;
  return (id) => resumeWithBytes(id, bytes);
}

async function verify(...args: Parameters<typeof verifySignature>): Promise<Resume> {
  const isGood = await verifySignature(...args);
  return (id) => resumeWithVerdict(id, isGood);
}

async function afterResponse(): Promise<Resume> {
  await scheduler.wait(0); // a hash would hold the response up
  return resumeAfterResponse;
}

function resumeWith(db: D1Database | D1DatabaseSession, row: unknown): Resume {
  const bookmark = "getBookmark" in db ? (db.getBookmark() ?? undefined) : undefined;
  const json = row === undefined ? undefined : JSON.stringify(row);
  return (id) => resumeWithRow(id, bookmark, json);
}

/** Headers of lines, for each its name and its value. */
function headersOf(lines: string[]): Headers {
  const headers = new Headers();
  for (let index = 0; index + 1 < lines.length; index += 2) {
    headers.append(lines[index] ?? "", lines[index + 1] ?? "");
  }
  return headers;
}

/** Status and headers of responses, by their heads: most responses have those of one before. */
const inits = new Map<string, { status: number; headers: Headers }>();
const MAX_INITS = 100;

function responseInit(head: string): ResponseInit {
  let init = inits.get(head);
  if (!init) {
    const [status, ...lines] = head.split("\n");
    init = { status: Number(status), headers: headersOf(lines) };
    if (inits.size >= MAX_INITS) {
      inits.clear();
    }
    inits.set(head, init);
  }
  return init;
}
