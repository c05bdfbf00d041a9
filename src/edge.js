// The calls into JavaScript that a request needs. Each does all that it can in one: what crosses the
// boundary between wasm and JavaScript costs more than most of what is done on either side.

// Rust's futures are woken by this. The runtime's own costs a tenth of the CPU time of a read; a promise
// that is resolved does the same for little. What is thrown still reaches the handler of errors, by which
// `worker-build` notices that wasm broke.
const resolved = Promise.resolve();
globalThis.queueMicrotask = (callback) => void resolved.then(callback);
addEventListener("unhandledrejection", ({ reason }) => reportError(reason));

/** What every request is read for, a line each: the time in milliseconds, method, URL, and three headers. No value has a line break in it. */
export function head({ method, url, headers }) {
  const named = (name) => headers.get(name) ?? "";
  return `${Date.now()}\n${method}\n${url}\n${named("authorization")}\n${named("origin")}\n${named("x-d1-bookmark")}`;
}

/** The body, empty if there is none; nothing as soon as it is known to be over `limit` bytes. */
export async function body(request, limit) {
  const length = request.headers.get("content-length");
  if (length !== null) {
    // HTTP holds the client to the length, so the whole of it is one read.
    return Number(length) <= limit ? new Uint8Array(await request.arrayBuffer()) : undefined;
  }
  const chunks = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > limit) {
      return undefined;
    }
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/**
 * Runs a statement with parameters in JSON on a copy of the database that a bookmark or a constraint allows, and
 * gives two lines: the bookmark of the state that it found or made, and the first row in JSON; each may be empty.
 */
export function first({ DB }, constraint, sql, params) {
  if (!DB) {
    return Promise.reject(new Error("there is no D1 binding DB in wrangler.toml"));
  }
  const session = DB.withSession(constraint);
  const rows = session.prepare(sql).bind(...JSON.parse(params)).raw();
  return rows.then(([row]) => `${session.getBookmark() ?? ""}\n${row ? JSON.stringify(row) : ""}`);
}

// Most answers have the status and the headers of one before; a response that begins as a copy costs the least.
const templates = new Map();
const MOST_TEMPLATES = 100;

/** A response with headers given as names and values, a line each, and a bookmark, which is another each time. */
export function respond(status, headers, bookmark, body) {
  const key = `${status}\n${headers}`;
  let template = templates.get(key);
  if (!template) {
    const lines = headers.split("\n");
    const pairs = new Headers();
    for (let index = 0; index < lines.length; index += 2) {
      pairs.append(lines[index], lines[index + 1]);
    }
    template = new Response(null, { status, headers: pairs });
    if (templates.size < MOST_TEMPLATES) {
      templates.set(key, template);
    }
  }
  const response = new Response(body, template);
  if (bookmark) {
    response.headers.set("X-D1-Bookmark", bookmark);
  }
  return response;
}
