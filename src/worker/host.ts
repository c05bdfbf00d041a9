/** Operations that wasm asks for, for one request. */

import {
  type Host,
  resumeAfterResponse,
  resumeWithBody,
  resumeWithError,
  resumeWithoutBody,
  resumeWithRateLimit,
  resumeWithRow,
} from "../../build/latchkey.js";
import { readBody } from "./body.js";

/** Bindings of `wrangler.toml`; each may be missing. */
export interface Env {
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

/** What a task waits for. */
export type Operation = "nothing" | "body" | "row" | "rate limit" | "response";

export class RequestHost implements Host {
  readonly #request: Request | undefined;
  readonly #env: Env;
  /** Operation that the task waits for, and its outcome. */
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

  get method(): string {
    return this.#request?.method ?? "";
  }

  get url(): string {
    const url = this.#request?.url ?? "";
    return url.length > MAX_URL ? new URL(url).origin : url;
  }

  header(name: string): string | undefined {
    const max = name === "authorization" ? MAX_AUTHORIZATION : MAX_HEADER;
    return this.#request?.headers.get(name)?.slice(0, max);
  }

  readBody(limit: number): void {
    const request = this.#request;
    this.#wait("body", async () => {
      const body = request ? await readBody(request, limit) : new Uint8Array();
      return typeof body === "number" ? (id) => resumeWithoutBody(id, body) : (id) => resumeWithBody(id, body);
    });
  }

  query(constraint: string, sql: string, params: string): void {
    this.#wait("row", async () => {
      const session = this.#session(constraint);
      const [row] = await session.prepare(sql).bind(...JSON.parse(params)).raw();
      return resumeWith(session, row);
    });
  }

  batch(statements: string): void {
    this.#wait("row", async () => {
      const session = this.#session("first-primary");
      const prepared = (JSON.parse(statements) as [string, unknown[]][]).map(([sql, params]) =>
        session.prepare(sql).bind(...params),
      );
      const results = await session.batch<Record<string, unknown>>(prepared);
      const row = results.at(-1)?.results[0];
      return resumeWith(session, row && Object.values(row));
    });
  }

  checkRateLimit(binding: keyof Env, key: string): void {
    const limiter = this.#env[binding];
    this.#wait("rate limit", async () => {
      const isWithin = limiter && "limit" in limiter ? (await limiter.limit({ key })).success : undefined;
      return (id) => resumeWithRateLimit(id, isWithin);
    });
  }

  respond(status: number, headers: string, bookmark: string | undefined, body: string | undefined): void {
    const response = new Response(body ?? null, responseInit(status, headers));
    if (bookmark !== undefined) {
      response.headers.set("X-D1-Bookmark", bookmark);
    }
    this.response = response;
  }

  continueInBackground(): void {
    this.isInBackground = true;
    this.#wait("response", async () => {
      await scheduler.wait(0); // a hash would hold the response up
      return resumeAfterResponse;
    });
  }

  #wait(operation: Operation, run: () => Promise<Resume>): void {
    this.operation = operation;
    this.pending = run().catch((error) => {
      const message = String(error?.message ?? error);
      return (id) => resumeWithError(id, message);
    });
  }

  #session(constraint: string): D1DatabaseSession {
    const { DB } = this.#env;
    if (!DB) {
      throw new Error("there is no D1 binding DB in wrangler.toml");
    }
    return DB.withSession(constraint);
  }
}

function resumeWith(session: D1DatabaseSession, row: unknown): Resume {
  const bookmark = session.getBookmark() ?? undefined;
  const json = row === undefined ? undefined : JSON.stringify(row);
  return (id) => resumeWithRow(id, bookmark, json);
}

/** Status and headers of responses, by what makes them: most responses have those of one before. */
const inits = new Map<string, { status: number; headers: Headers }>();
const MAX_INITS = 100;

function responseInit(status: number, lines: string): ResponseInit {
  const key = `${status}\n${lines}`;
  let init = inits.get(key);
  if (!init) {
    const parts = lines.split("\n");
    const headers = new Headers();
    for (let index = 0; index + 1 < parts.length; index += 2) {
      headers.append(parts[index] ?? "", parts[index + 1] ?? "");
    }
    init = { status, headers };
    if (inits.size >= MAX_INITS) {
      inits.clear();
    }
    inits.set(key, init);
  }
  return init;
}
