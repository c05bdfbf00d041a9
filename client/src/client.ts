import { ApiError, ConnectionError, readError } from "./errors.js";
import { Session } from "./session.js";
import { memoryStorage, type TokenStorage } from "./storage.js";
import type { Credentials, NewUser, Scope, User, UserPatch } from "./types.js";

export interface LatchkeyOptions {
  /** Where the token is kept. By default in memory: a page that is loaded again has to log in again. */
  storage?: TokenStorage;
  /** What sends requests in place of the global `fetch`. */
  fetch?: typeof fetch;
}

export interface CallOptions {
  /** Gives up waiting for the answer. The API may have done what was asked by then. */
  signal?: AbortSignal;
}

interface Request extends CallOptions {
  token?: string | null;
  user?: NewUser | Credentials | UserPatch | undefined;
}

interface ApiResponse {
  status: number;
  body: unknown;
}

/**
 * The account of one user, at an API of Latchkey. Each method throws an `ApiError` if the API refuses, a
 * `ConnectionError` if no answer comes, and the signal's reason if that aborts.
 */
export class Latchkey {
  readonly #base: string;
  readonly #fetch: typeof fetch;
  readonly #session: Session;

  /** @param base The API's origin, such as `https://latchkey.example.workers.dev`; empty for that of the page. */
  constructor(base = "", options: LatchkeyOptions = {}) {
    this.#base = base.replace(/\/+$/, "");
    this.#fetch = options.fetch ?? globalThis.fetch;
    this.#session = new Session(options.storage ?? memoryStorage());
  }

  /** Registers a user, and logs them in. */
  async register(user: NewUser, options: CallOptions = {}): Promise<User> {
    return this.#begin("/api/users", user, options);
  }

  /** Logs a user in. */
  async login(credentials: Credentials, options: CallOptions = {}): Promise<User> {
    return this.#begin("/api/users/login", credentials, options);
  }

  /** The user who is logged in. */
  async me(options: CallOptions = {}): Promise<User> {
    return this.#current("GET", undefined, options);
  }

  /** Changes the fields that are there. A new password ends the user's other sessions. */
  async update(patch: UserPatch, options: CallOptions = {}): Promise<User> {
    return this.#current("PATCH", patch, options);
  }

  /** Ends this session, the user's others, or all. */
  async logout(scope: Scope = "local", options: CallOptions = {}): Promise<void> {
    const token = await this.#session.token();
    try {
      await this.#send("POST", `/api/users/logout?scope=${scope}`, { token, ...options });
    } catch (error) {
      // A token that the API refused is forgotten by now: then there is nothing to end.
      const isRefused = error instanceof ApiError && [401, 403].includes(error.status);
      if (scope !== "local" || !isRefused || (token !== null && (await this.#session.token()) === token)) {
        throw error;
      }
    }
    if (scope !== "others") {
      await this.#session.end(token);
    }
  }

  /** Deactivates the account, which ends all of its sessions. Its data stays. */
  async deactivate(options: CallOptions = {}): Promise<void> {
    const token = await this.#session.token();
    await this.#send("DELETE", "/api/user", { token, ...options });
    await this.#session.end(token);
  }

  /** The token, for other servers that know its secret; `null` if nobody is logged in. */
  async token(): Promise<string | null> {
    return this.#session.token();
  }

  /** Forgets the token without telling the API: who else has it can still use it. */
  async clearToken(): Promise<void> {
    await this.#session.begin(null);
  }

  async #begin(path: string, credentials: NewUser | Credentials, options: CallOptions): Promise<User> {
    const user = parseUser(await this.#send("POST", path, { user: credentials, ...options }));
    await this.#session.begin(user.token);
    return user;
  }

  async #current(method: string, patch: UserPatch | undefined, options: CallOptions): Promise<User> {
    const token = await this.#session.token();
    const user = parseUser(await this.#send(method, "/api/user", { token, user: patch, ...options }));
    await this.#session.refresh(token, user.token);
    return user;
  }

  async #send(method: string, path: string, { token = null, user, signal }: Request): Promise<ApiResponse> {
    const headers = new Headers();
    if (token !== null) {
      headers.set("Authorization", `Token ${token}`);
    }
    if (user !== undefined) {
      headers.set("Content-Type", "application/json");
    }
    if (this.#session.bookmark !== null) {
      headers.set("X-D1-Bookmark", this.#session.bookmark);
    }
    const init: RequestInit = { method, headers, credentials: "omit", signal: signal ?? null };
    if (user !== undefined) {
      init.body = JSON.stringify({ user });
    }
    const { response, text } = await this.#fetchText(`${this.#base}${path}`, init);
    this.#session.recordBookmark(response.headers.get("X-D1-Bookmark"));
    const body = parse(text);
    if (response.ok) {
      return { status: response.status, body };
    }
    const parsed = readError(body);
    const isRefused = parsed !== undefined && (response.status === 401 || response.status === 403);
    if (token !== null && isRefused) {
      await this.#session.refuse(token);
    }
    // The API gives seconds; a proxy may give a date.
    const retryAfter = Number(response.headers.get("Retry-After") ?? NaN);
    throw new ApiError(response.status, parsed, Number.isNaN(retryAfter) ? undefined : retryAfter);
  }

  async #fetchText(url: string, init: RequestInit): Promise<{ response: Response; text: string }> {
    try {
      const send = this.#fetch; // which must not be called as a method
      const response = await send(url, init);
      return { response, text: await response.text() };
    } catch (error) {
      init.signal?.throwIfAborted();
      throw new ConnectionError(error);
    }
  }
}

/** Not every server that answers with a 200 is the API: one of a single-page app does so for any path. */
function parseUser({ status, body }: ApiResponse): User {
  const { user } = Object(body) as { user?: User };
  if (typeof user?.token !== "string") {
    throw new ApiError(status, undefined);
  }
  return user;
}

/** `undefined` for what is not JSON, such as a page of a proxy. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
