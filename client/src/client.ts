import type { SessionListener } from "./changes.js";
import { ApiError, ConnectionError, ReauthenticationError, readError } from "./errors.js";
import { Session } from "./session.js";
import { memoryStorage, type TokenStorage } from "./storage.js";
import { decodeToken } from "./token.js";
import type {
  CredentialList,
  Credentials,
  Mail,
  MailedSecret,
  MailRequest,
  Methods,
  NewUser,
  PasswordProof,
  PasswordReset,
  Scope,
  SessionList,
  User,
  UserPatch,
  UserWithMail,
} from "./types.js";

export interface LatchkeyOptions {
  /** Storage of the token. By default in memory: a page that is loaded again has to log in again. */
  storage?: TokenStorage;
  /** Function that sends requests in place of the global `fetch`. */
  fetch?: typeof fetch;
  /**
   * Asks the user for a new proof where the API wants one, passes it to `reauthenticate`, and tells whether that was done.
   * The refused request is then repeated, once. Without this function it throws a `ReauthenticationError`.
   */
  renewProof?: () => Promise<boolean>;
}

export interface CallOptions {
  /** Aborts the wait for the response. The API may have handled the request by then. */
  signal?: AbortSignal;
}

interface Request extends CallOptions {
  token?: string | null;
  user?: NewUser | Credentials | PasswordProof | MailedSecret | MailRequest | PasswordReset | UserPatch | undefined;
}

interface ApiResponse {
  status: number;
  body: unknown;
}

/**
 * Account of one user at a Latchkey API. Each method throws an `ApiError` if the API rejects the request, a
 * `ConnectionError` if no response arrives, a `StorageError` if the storage fails, and the signal's reason if that aborts.
 */
export class Latchkey {
  readonly #base: string;
  readonly #fetch: typeof fetch;
  readonly #session: Session;
  readonly #renewProof: () => Promise<boolean>;
  /** Proof that the app asks the user for at the moment. */
  #renewal: Promise<boolean> | undefined;
  /** Settles with the last request after which the API refuses older tokens of this session. */
  #tokenChange: Promise<unknown> = Promise.resolve();

  /** @param base Origin of the API, for example `https://latchkey.example.workers.dev`; empty for the page's own. */
  constructor(base = "", options: LatchkeyOptions = {}) {
    this.#base = base.replace(/\/+$/, "");
    this.#fetch = options.fetch ?? globalThis.fetch;
    this.#renewProof = options.renewProof ?? (async () => false);
    this.#session = new Session(options.storage ?? memoryStorage());
  }

  /** Registers a user, and logs them in. `mail` is there if a mail is under way with which they can verify the email. */
  async register(user: NewUser, options: CallOptions = {}): Promise<UserWithMail> {
    return this.#begin("/api/users", user, options);
  }

  /** Logs a user in: by email and password, or by the secret of `requestSignIn`. */
  async login(proof: Credentials | MailedSecret, options: CallOptions = {}): Promise<User> {
    return this.#begin("/api/users/login", proof, options);
  }

  /** The ways in and back in that the deployment has. */
  async methods(options: CallOptions = {}): Promise<Methods> {
    return parseMember(await this.#send("GET", "/api/users/methods", options), "methods");
  }

  /** Has a secret mailed that `resetPassword` takes. The answer is the same whoever has the email, or nobody. */
  async requestPasswordReset(email: string, options: CallOptions = {}): Promise<Mail> {
    return this.#requestMail("/api/users/password-reset", { user: { email }, ...options });
  }

  /** Sets a new password with a mailed secret. It ends all of the user's sessions, and begins none. */
  async resetPassword(reset: PasswordReset, options: CallOptions = {}): Promise<void> {
    await this.#send("PUT", "/api/users/password-reset", { user: reset, ...options });
    if ((await this.#session.token()) !== null) {
      await this.#replaceToken(options); // only the API knows whether that session has ended with them
    }
  }

  /** Has a secret mailed that `login` and `reauthenticate` take. The answer is the same whoever has the email. */
  async requestSignIn(email: string, options: CallOptions = {}): Promise<Mail> {
    return this.#requestMail("/api/users/sign-in", { user: { email }, ...options });
  }

  /** Has a secret mailed that `verifyEmail` takes: to the address that waits, or else to the one in force. */
  async requestEmailVerification(options: CallOptions = {}): Promise<Mail> {
    const path = "/api/user/email-verification";
    return this.#authenticated((token) => this.#requestMail(path, { token, ...options }));
  }

  /**
   * Verifies an address of the user with a mailed secret. One that waited takes effect, which ends the user's other
   * sessions, and all tokens issued before.
   */
  async verifyEmail(secret: string, options: CallOptions = {}): Promise<User> {
    const request = { user: { secret }, ...options };
    return this.#authenticated((token) =>
      this.#changeToken(this.#user("PUT", "/api/user/email-verification", { token, ...request })),
    );
  }

  /** The state of the user's email, and what they can log in with. */
  async credentials(options: CallOptions = {}): Promise<CredentialList> {
    return this.#authenticated(async (token) => {
      const response = await this.#send("GET", "/api/user/credentials", { token, ...options });
      parseMember(response, "credentials");
      return response.body as CredentialList;
    });
  }

  /** The user who is logged in. */
  async me(options: CallOptions = {}): Promise<User> {
    return this.#authenticated((token) => this.#user("GET", "/api/user", { token, ...options }));
  }

  /** Proves again who uses the session, for requests that ask for a recent proof. The session goes on. */
  async reauthenticate(proof: PasswordProof | MailedSecret, options: CallOptions = {}): Promise<User> {
    const path = "/api/user/reauthenticate";
    return this.#authenticated((token) => this.#user("POST", path, { token, user: proof, ...options }));
  }

  /**
   * Changes the given fields. A new password ends the user's other sessions, and all tokens issued before it.
   * Send `current_password` with it, and with a new email: that is checked. `mail` is there if a mail is under way with
   * which the user can verify a new email.
   */
  async update(patch: UserPatch, options: CallOptions = {}): Promise<UserWithMail> {
    return this.#sensitive((token) => {
      const user = this.#user("PATCH", "/api/user", { token, user: patch, ...options });
      return patch.password === undefined ? user : this.#changeToken(user);
    });
  }

  /**
   * Ends this session, the user's others, or all; if the API can't be asked to, it throws and keeps the token. `others` spares whoever has copied a token of this session; `all` does
   * not.
   */
  async logout(scope: Scope = "local", options: CallOptions = {}): Promise<void> {
    const before = await this.#session.token();
    try {
      await this.#authenticated(async (token) => {
        await this.#send("POST", `/api/users/logout?scope=${scope}`, { token, ...options });
        if (scope !== "others") {
          await this.#session.end(token);
        }
      });
    } catch (error) {
      // If the API refused the token, and none of its session is left, there is nothing to end.
      if (scope !== "local" || !(error instanceof AuthenticationError) || (await this.#session.holds(before))) {
        throw error;
      }
    }
    if (scope === "others") {
      await this.#replaceToken(options); // the older ones of this session last no longer than before
    }
  }

  /** The user's active sessions: this one, then the others from the most recently seen on; at most 100. */
  async sessions(options: CallOptions = {}): Promise<SessionList> {
    return this.#authenticated(async (token) =>
      parseSessions(await this.#send("GET", "/api/user/sessions", { token, ...options })),
    );
  }

  /**
   * Ends one of the user's sessions, by its `id` in the list; this one as `logout` does. Returns `false` if no active
   * session of the user has this id, most often because it has ended before.
   */
  async endSession(id: string, options: CallOptions = {}): Promise<boolean> {
    if (/^\.{0,2}$/.test(id)) {
      return false; // a URL drops such parts, encoded too: a DELETE of what is left would deactivate the account
    }
    const path = `/api/user/sessions/${encodeURIComponent(id)}`;
    const before = await this.#session.token();
    try {
      await this.#authenticated(async (token) => {
        await this.#send("DELETE", path, { token, ...options });
        if (sidOf(token) === id) {
          await this.#session.end(token);
        }
      });
    } catch (error) {
      const isOwn = sidOf(before) === id;
      const isRefused = isOwn && error instanceof AuthenticationError && !(await this.#session.holds(before));
      if (isRefused || error instanceof NotFoundError) {
        return false;
      }
      throw error;
    }
    if (before !== null && sidOf(before) === undefined) {
      await this.#replaceToken(options); // only the API knows which session such a token is of
    }
    return true;
  }

  /** Deactivates the account, which ends all of its sessions. Its data stays. A `current_password` is checked. */
  async deactivate(options: CallOptions & { current_password?: string } = {}): Promise<void> {
    const { current_password, ...others } = options;
    const user = current_password === undefined ? undefined : { current_password };
    await this.#sensitive(async (token) => {
      await this.#send("DELETE", "/api/user", { token, user, ...others });
      await this.#session.end(token);
    });
  }

  /** The token, for other servers that know its secret; `null` if no user is logged in. */
  async token(): Promise<string | null> {
    return this.#session.token();
  }

  /** Clears the token without a request to the API: whoever else has it can still use it. */
  async clearToken(): Promise<void> {
    await this.#session.begin(null);
  }

  /**
   * Calls a listener when a session has begun or ended: by a method of this object, by a refused token, or in another tab
   * with the same storage. Returns a function that ends that.
   */
  onSessionChange(listener: SessionListener): () => void {
    return this.#session.onChange(listener);
  }

  async #begin(
    path: string,
    credentials: NewUser | Credentials | MailedSecret,
    options: CallOptions,
  ): Promise<UserWithMail> {
    const user = parseUser(await this.#send("POST", path, { user: credentials, ...options }));
    await this.#session.begin(user.token);
    return user;
  }

  async #user(method: string, path: string, request: Request): Promise<UserWithMail> {
    const user = parseUser(await this.#send(method, path, request));
    await this.#session.refresh(request.token ?? null, user.token);
    return user;
  }

  async #requestMail(path: string, request: Request): Promise<Mail> {
    return parseMember(await this.#send("POST", path, request), "mail");
  }

  /** Has requests that are refused meanwhile wait for the token that this one brings. */
  #changeToken<T>(request: Promise<T>): Promise<T> {
    const settled = request.catch(() => {}); // the caller handles the rejection
    this.#tokenChange = Promise.all([this.#tokenChange, settled]);
    return request;
  }

  /** Asks for a token after a request that gives none. */
  async #replaceToken(options: CallOptions): Promise<void> {
    try {
      await this.me(options);
    } catch (error) {
      // The request has succeeded all the same.
      if (!(error instanceof ApiError || error instanceof ConnectionError)) {
        throw error;
      }
    }
  }

  /**
   * Makes a request with the stored token. If the API refuses that, another tab or request may have set a new password,
   * or a new email, and stored a newer token of the session: then repeats the request with it, once. A refused request has changed
   * nothing, so any method can be repeated.
   */
  async #authenticated<T>(request: (token: string | null) => Promise<T>): Promise<T> {
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
  async #sensitive<T>(request: (token: string | null) => Promise<T>): Promise<T> {
    const before = await this.#session.token();
    try {
      return await this.#authenticated(request);
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
    return this.#authenticated(request);
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
    // The API gives seconds; a proxy may give a date.
    const seconds = Number(response.headers.get("Retry-After") ?? NaN);
    const retryAfter = Number.isFinite(seconds) ? seconds : undefined;
    if (parsed?.isOldProof && response.status === 403) {
      throw new ReauthenticationError(response.status, parsed);
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

/** A 401 or 403 of the API itself, not of a proxy. */
class AuthenticationError extends ApiError {}

/** A 404 of the API itself, not of a proxy. */
class NotFoundError extends ApiError {}

/** Session id in a token. */
function sidOf(token: string | null): string | undefined {
  return decodeToken(token ?? "")?.sid;
}

/** A 200 may come from another server: that of a single-page app sends one for any path. */
function parseUser({ status, body }: ApiResponse): UserWithMail {
  const { user, mail } = Object(body) as { user?: User; mail?: Mail };
  if (typeof user?.token !== "string") {
    throw new ApiError(status, undefined);
  }
  return mail === undefined ? user : { ...user, mail };
}

function parseSessions({ status, body }: ApiResponse): SessionList {
  const list = Object(body) as SessionList;
  if (!Array.isArray(list.sessions)) {
    throw new ApiError(status, undefined);
  }
  return list;
}

/** Member of a body that is an object or array of the API. */
function parseMember<T extends object>({ status, body }: ApiResponse, name: string): T {
  const member = Object(body)[name];
  if (typeof member !== "object" || member === null) {
    throw new ApiError(status, undefined);
  }
  return member;
}

/** `undefined` if the body is not JSON, for example a page of a proxy. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
