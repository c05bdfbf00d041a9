// What the Worker does in JavaScript for wasm: reads requests, runs statements, counts, makes responses. Texts go to
// and fro whole, a line for each part: what crosses the boundary costs more than most of what is done on either side.

/** What a request is read for, a line each, in the order of `Line` in edge.rs. No value has a line break in it. */
export function head({ method, url, headers }) {
  const named = (name) => headers.get(name) ?? "";
  const lines = `${Date.now()}\n${method}\n${url}\n${named("authorization")}\n${named("origin")}\n${named("x-d1-bookmark")}\n${named("cf-ray")}`;
  if (method === "GET" && !url.includes("/api/openapi.json")) {
    return lines; // the reading of a user, which is most of all requests, asks for no more
  }
  return `${lines}\n${named("content-type")}\n${named("cf-connecting-ip")}\n${named("if-none-match")}`;
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
export async function first({ DB }, constraint, params, sql) {
  if (!DB) {
    throw new Error("there is no D1 binding DB in wrangler.toml");
  }
  const session = DB.withSession(constraint);
  const [row] = await session.prepare(sql).bind(...JSON.parse(params)).raw();
  return `${session.getBookmark() ?? ""}\n${row ? JSON.stringify(row) : ""}`;
}

/** Counts a request under the rate limit. */
export async function count({ LIMITER }, key) {
  if (!LIMITER) {
    return "unbound";
  }
  const { success } = await LIMITER.limit({ key });
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
    if (inits.size < MOST_INITS) {
      inits.set(head, init);
    }
  }
  const body = headAt - 1 > bodyAt ? answer.slice(bodyAt, headAt - 1) : null;
  const response = new Response(body, init);
  if (bodyAt - 1 > bookmarkAt) {
    response.headers.set("X-D1-Bookmark", answer.slice(bookmarkAt, bodyAt - 1));
  }
  return response;
}
