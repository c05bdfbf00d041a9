/** Requests to the API, with the session's token and the proofs that they ask for. */

import {
  ApiError,
  AuthenticationError,
  ConnectionError,
  FactorError,
  ForbiddenError,
  NotFoundError,
  ReauthenticationError,
  readError,
  UnverifiedError,
} from "./errors.js";
import type { Session } from "./session.js";
import type { Factor, Mail, User, UserWithMail } from "./types.js";

export interface CallOptions {
  /** Aborts the wait for the response. The API may have handled the request by then. */
  signal?: AbortSignal;
}

export interface Request extends CallOptions {
  token?: string | null;
  user?: object | undefined;
  credential?: object;
  /** Sends the cookies of the API's origin, if the page is of the same. The API has none: they are of a proxy before it. */
  hasCookies?: boolean;
}

export interface ApiResponse {
  status: number;
  body: unknown;
}

const requests = new WeakMap<object, Requests>();

/** Requests of a client, for what shares its session and the proofs that the app asks for. */
export function requestsOf(client: object): Requests {
  return requests.get(client)!;
}

export class Requests {
  readonly #base: string;
  readonly #fetch: typeof fetch;
  readonly #session: Session;
  readonly #renewProof: () => Promise<boolean>;
  /** Proof that the app asks the user for at the moment. */
  #renewal: Promise<boolean> | undefined;
  /** Settles with the last request after which the API refuses older tokens of this session. */
  #tokenChange: Promise<unknown> = Promise.resolve();

  constructor(base: string, send: typeof fetch, session: Session, renewProof: () => Promise<boolean>) {
    this.#base = base.replace(/\/+$/, "");
    this.#fetch = send;
    this.#session = session;
    this.#renewProof = renewProof;
  }

  /** Has `requestsOf` give these requests for their client. */
  lendBy(client: object): this {
    requests.set(client, this);
    return this;
  }

  /** Sends a request whose response has a user, and begins their session. */
  async begin(path: string, user: object, options: CallOptions): Promise<UserWithMail> {
    const begun = parseUser(await this.send("POST", path, { user, ...options }));
    await this.#session.begin(begun.token);
    return begun;
  }

  /** Sends a request whose response has the user, with a fresh token. */
  async user(method: string, path: string, request: Request): Promise<UserWithMail> {
    return this.refresh(await this.send(method, path, request), request);
  }

  /** Takes the user, and the fresh token, out of a response. */
  async refresh(response: ApiResponse, request: Request): Promise<UserWithMail> {
    const user = parseUser(response);
    await this.#session.refresh(request.token ?? null, user.token);
    return user;
  }

  /** Has requests that are refused meanwhile wait for the token that this one brings. */
  changeToken<T>(request: Promise<T>): Promise<T> {
    const settled = request.catch(() => {}); // the caller handles the rejection
    this.#tokenChange = Promise.all([this.#tokenChange, settled]);
    return request;
  }

  /**
   * Makes a request with the stored token. If the API refuses that, another tab or request may have set a new password,
   * or a new email, and stored a newer token of the session: then repeats the request with it, once. A refused request has changed
   * nothing, so any method can be repeated.
   */
  async authenticated<T>(request: (token: string | null) => Promise<T>): Promise<T> {
    let token = await this.#session.token();
    for (let isRepeated = false; ; isRepeated = true) {
      try {
        return await request(token);
      } catch (error) {
        if (token === null || !(error instanceof AuthenticationError)) {
          throw error;
        }
        await this.#tokenChange; // whose response may be on its way
        const newer = await this.#session.reject(token);
        if (newer === null || isRepeated) {
          throw error;
        }
        token = newer;
      }
    }
  }

  /**
   * Makes a request that may ask for a recent proof. Requests that are refused while the app asks for one wait for it. None
   * is repeated in another session: another user may have logged in meanwhile, in another tab too.
   */
  async sensitive<T>(request: (token: string | null) => Promise<T>): Promise<T> {
    const before = await this.#session.token();
    try {
      return await this.authenticated(request);
    } catch (error) {
      if (!(error instanceof ReauthenticationError) || !(await this.#session.holds(before))) {
        throw error;
      }
      const renewProof = async () => this.#renewProof();
      this.#renewal ??= renewProof().finally(() => {
        this.#renewal = undefined;
      });
      if (!(await this.#renewal) || !(await this.#session.holds(before))) {
        throw error;
      }
    }
    return this.authenticated(request);
  }

  async send(method: string, path: string, request: Request): Promise<ApiResponse> {
    const { token = null, user, credential, hasCookies = false, signal } = request;
    const headers = new Headers();
    if (token !== null) {
      headers.set("Authorization", `Token ${token}`);
    }
    const content = user ? { user } : credential && { credential };
    if (content !== undefined) {
      headers.set("Content-Type", "application/json");
    }
    if (this.#session.bookmark !== null) {
      headers.set("X-D1-Bookmark", this.#session.bookmark);
    }
    const credentials = hasCookies ? "same-origin" : "omit";
    const init: RequestInit = { method, headers, credentials, signal: signal ?? null };
    if (content !== undefined) {
      init.body = JSON.stringify(content);
    }
    const { response, text } = await this.#fetchText(`${this.#base}${path}`, init);
    this.#session.recordBookmark(response.headers.get("X-D1-Bookmark"));
    const body = parse(text);
    if (response.ok) {
      return { status: response.status, body };
    }
    const parsed = readError(body);
    // The API gives seconds; a proxy may give a date.
    const seconds = Number(response.headers.get("Retry-After") ?? NaN);
    const retryAfter = Number.isFinite(seconds) ? seconds : undefined;
    const factor = response.status === 401 ? readFactor(body) : undefined;
    if (parsed !== undefined && factor !== undefined) {
      throw new FactorError(response.status, parsed, factor);
    }
    if (parsed !== undefined && response.status === 403 && parsed.refusal !== undefined) {
      throw new REFUSALS[parsed.refusal](response.status, parsed);
    }
    if (parsed !== undefined && [401, 403].includes(response.status)) {
      throw new AuthenticationError(response.status, parsed, retryAfter);
    }
    if (parsed !== undefined && response.status === 404) {
      throw new NotFoundError(response.status, parsed);
    }
    throw new ApiError(response.status, parsed, retryAfter);
  }

  async #fetchText(url: string, init: RequestInit): Promise<{ response: Response; text: string }> {
    try {
      const send = this.#fetch; // which must not be called as a method
      const response = await send(url, init);
      return { response, text: await response.text() };
    } catch (error) {
      if (init.signal?.aborted) {
        // Not every runtime knows the reason; `fetch` has thrown one of its own then.
        throw init.signal.reason === undefined ? error : init.signal.reason;
      }
      throw new ConnectionError(url, error);
    }
  }
}

/** Errors of a 403 that says nothing against the session. */
const REFUSALS = { forbidden: ForbiddenError, oldProof: ReauthenticationError, unverified: UnverifiedError };

/** Second factor that a 401 asks for. */
function readFactor(body: unknown): Factor | undefined {
  const { factor } = Object(body) as { factor?: Factor };
  return typeof factor?.secret === "string" && Array.isArray(factor.types) ? factor : undefined;
}

/** A 200 may come from another server: that of a single-page app sends one for any path. */
function parseUser({ status, body }: ApiResponse): UserWithMail {
  const { user, mail } = Object(body) as { user?: User; mail?: Mail };
  if (typeof user?.token !== "string") {
    throw new ApiError(status, undefined);
  }
  return mail === undefined ? user : { ...user, mail };
}

/** Member of a body that is an object or array of the API. */
export function parseMember<T extends object>({ status, body }: ApiResponse, name: string): T {
  const member = Object(body)[name];
  if (typeof member !== "object" || member === null) {
    throw new ApiError(status, undefined);
  }
  return member;
}

/** Tells whether a text names something in a path. A URL drops others, encoded too, and a request is then for what is left. */
export function isPathSegment(text: string): boolean {
  return !/^\.{0,2}$/.test(text);
}

/** `undefined` if the body is not JSON, for example a page of a proxy. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
