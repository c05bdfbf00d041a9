// What the Worker does in JavaScript for wasm: reads requests, runs statements, counts, makes responses. Texts go to
// and fro whole, a line for each part: what crosses the boundary costs more than most of what is done on either side.

/** The longest URL that is read, in characters. A longer one is read without its path, so no endpoint is found. */
const MAX_URL = 2_048;

/** The most characters of a header that are read. A token that is clipped is not good. */
const MAX_AUTHORIZATION = 4_096;
const MAX_HEADER = 512;

/** How long a body may take to arrive, in milliseconds. */
const BODY_DEADLINE = 10_000;

/** What a request is read for, a line each, in the order of `Line` in edge.rs. No value has a line break in it. */
export function head({ method, url, headers }) {
  const named = (name, max = MAX_HEADER) => headers.get(name)?.slice(0, max) ?? "";
  const place = url.length > MAX_URL ? new URL(url).origin : url;
  const lines = `${method}\n${place}\n${named("authorization", MAX_AUTHORIZATION)}\n${named("origin")}\n${named("x-d1-bookmark")}\n${named("cf-ray")}`;
  if (method === "GET" && !place.includes("/api/openapi.json")) {
    return lines; // the reading of a user, which is most of all requests, asks for no more
  }
  return `${lines}\n${named("content-type")}\n${named("cf-connecting-ip")}\n${named("if-none-match")}\n${named("content-encoding")}`;
}

/** The most bytes that bodies hold together while they are read. */
const MAX_HELD = 32 << 20;

/** Bodies that are being read, oldest first, and the bytes that they hold together. */
const reading = new Set();
let held = 0;

/** A body that is being read. Chunks are copied: one of a byte may keep a buffer of 4 KiB. */
class Reading {
  #reader;
  #bytes = new Uint8Array();
  #size = 0;
  isStopped = false;

  constructor(reader) {
    this.#reader = reader;
    reading.add(this);
  }

  add(chunk) {
    const size = this.#size + chunk.byteLength;
    if (size > this.#bytes.byteLength) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#bytes.byteLength));
      held += larger.byteLength - this.#bytes.byteLength;
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#size);
    this.#size = size;
    for (const oldest of reading) {
      if (held <= MAX_HELD) {
        break;
      }
      oldest.stop();
    }
  }

  /** Reads no more. The stream may have broken off by then. */
  stop() {
    this.isStopped = true;
    this.end();
    this.#reader.cancel().catch(() => {});
  }

  /** The bytes, which are held no more. */
  end() {
    const bytes = this.#bytes.subarray(0, this.#size);
    held -= this.#bytes.byteLength;
    this.#bytes = new Uint8Array();
    this.#size = 0;
    reading.delete(this);
    return bytes;
  }
}

/** The body, empty if there is none; else why not: it is "too large", "late", or "broken off". */
export async function body(request, limit) {
  if (Number(request.headers.get("content-length")) > limit) {
    return "too large";
  }
  const reader = request.body?.getReader();
  if (!reader) {
    return new Uint8Array();
  }
  const whole = new Reading(reader);
  const timer = setTimeout(() => whole.stop(), BODY_DEADLINE);
  let size = 0;
  try {
    for (let read = await reader.read(); !read.done && !whole.isStopped; read = await reader.read()) {
      size += read.value.byteLength;
      if (size > limit) {
        whole.stop();
        return "too large";
      }
      whole.add(read.value);
    }
    return whole.isStopped ? "late" : whole.end();
  } catch {
    return whole.isStopped ? "late" : "broken off";
  } finally {
    clearTimeout(timer);
    whole.end();
  }
}

function session({ DB }, constraint) {
  if (!DB) {
    throw new Error("there is no D1 binding DB in wrangler.toml");
  }
  return DB.withSession(constraint);
}

/** Two lines, each of which may be empty: the bookmark of the state that was found or made, and a row in JSON. */
function found(session, row) {
  return `${session.getBookmark() ?? ""}\n${row ? JSON.stringify(row) : ""}`;
}

/**
 * Runs a statement with parameters in JSON on a replica of the database that a bookmark or a constraint allows. Gives
 * what `found` makes of the first row.
 */
export async function first(env, constraint, params, sql) {
  const db = session(env, constraint);
  const [row] = await db.prepare(sql).bind(...JSON.parse(params)).raw();
  return found(db, row);
}

/** Runs statements, pairs of SQL and parameters in JSON, as one. As `first`, of the last one's result. */
export async function batch(env, constraint, statements) {
  const db = session(env, constraint);
  const results = await db.batch(JSON.parse(statements).map(([sql, params]) => db.prepare(sql).bind(...params)));
  const [row] = results.at(-1).results;
  return found(db, row && Object.values(row));
}

/** Counts a request under a rate limit. */
export async function count(env, binding, key) {
  const limiter = env[binding];
  if (!limiter) {
    return "unbound";
  }
  const { success } = await limiter.limit({ key });
  return success ? "within" : "over";
}

// Most answers have the status and the headers of one before.
const inits = new Map();
const MOST_INITS = 100;

/** The response that a text is, as `sent` in edge.rs has it. A bookmark is another each time, so none is kept. */
export function respond(answer) {
  const bookmarkAt = answer.indexOf("\n") + 1;
  const bodyAt = answer.indexOf("\n", bookmarkAt) + 1;
  const headAt = answer.indexOf("\n", bodyAt) + 1;
  const head = answer.slice(headAt);
  let init = inits.get(head);
  if (!init) {
    const [status, ...lines] = head.split("\n");
    const headers = new Headers();
    for (let index = 0; index < lines.length; index += 2) {
      headers.append(lines[index], lines[index + 1]);
    }
    init = { status: Number(status), headers };
    if (inits.size >= MOST_INITS) {
      inits.clear();
    }
    inits.set(head, init);
  }
  const body = headAt - 1 > bodyAt ? answer.slice(bodyAt, headAt - 1) : null;
  const response = new Response(body, init);
  if (bodyAt - 1 > bookmarkAt) {
    response.headers.set("X-D1-Bookmark", answer.slice(bookmarkAt, bodyAt - 1));
  }
  return response;
}
