import type { SessionListener } from "./changes.js";
import {
  ApiError,
  AuthenticationError,
  ConnectionError,
  FactorError,
  NotFoundError,
  PasskeyError,
  ReauthenticationError,
  readError,
} from "./errors.js";
import { createPasskey, forgetPasskey, usePasskey } from "./passkey.js";
import { type ApiResponse, type CallOptions, isPathSegment, parseMember, type Request, Requests } from "./requests.js";
import { Session } from "./session.js";
import { memoryStorage, type TokenStorage } from "./storage.js";
import { decodeToken } from "./token.js";
import type {
  ConfirmedTotp,
  CreationOptions,
  Credential,
  CredentialList,
  Credentials,
  FactorCode,
  Mail,
  MailedSecret,
  Methods,
  NewTotp,
  NewUser,
  PasskeyProof,
  PasswordProof,
  PasswordReset,
  Scope,
  SecondStep,
  SessionList,
  User,
  UserOrStep,
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

/** Paths that take proofs, by what these are for. */
const PROOF_PATHS = { login: "/api/users/login", reauthentication: "/api/user/reauthenticate" } as const;
const CREDENTIALS = "/api/user/credentials";

/**
 * Account of one user at a Latchkey API. Each method throws an `ApiError` if the API rejects the request, a
 * `ConnectionError` if no response arrives, a `StorageError` if the storage fails, and the signal's reason if that aborts.
 */
export class Latchkey {
  readonly #session: Session;
  readonly #api: Requests;
  /** Autofill that waits for the user. */
  #autofill: AbortController | undefined;

  /** @param base Origin of the API, for example `https://latchkey.example.workers.dev`; empty for the page's own. */
  constructor(base = "", options: LatchkeyOptions = {}) {
    this.#session = new Session(options.storage ?? memoryStorage());
    const renewProof = options.renewProof ?? (async () => false);
    this.#api = new Requests(base, options.fetch ?? globalThis.fetch, this.#session, renewProof).lendBy(this);
  }

  /** Registers a user, and logs them in. `mail` is there if a mail is under way with which they can verify the email. */
  async register(user: NewUser, options: CallOptions = {}): Promise<UserWithMail> {
    return this.#api.begin("/api/users", user, options);
  }

  /**
   * Logs a user in: by email and password, or by the secret of `requestSignIn`. One with a second factor has to take a second
   * step: then the result has a `factor`, for `takeSecondStep`, and no session has begun.
   */
  async login(proof: Credentials | MailedSecret, options: CallOptions = {}): Promise<UserOrStep> {
    return this.#prove("login", proof, options);
  }

  /**
   * Logs a user in by a passkey, which the browser asks for; with `autofill` when they choose one at a field with
   * `autocomplete="username webauthn"`. That waits as long as the page is there: a later call of this method aborts it.
   * Throws a `PasskeyError` if the browser gives none.
   */
  async loginWithPasskey(options: CallOptions & { autofill?: boolean } = {}): Promise<UserOrStep> {
    const { autofill = false, ...others } = options;
    return this.#prove("login", { passkey: true }, others, autofill);
  }

  /**
   * Takes the second step of a login or a reauthentication: with a code of the user's authenticator app, one of their
   * recovery codes, or a passkey.
   */
  async takeSecondStep(step: SecondStep, proof: FactorCode | PasskeyProof, options: CallOptions = {}): Promise<User> {
    const { secret } = step.factor;
    const given = "passkey" in proof ? { passkey: (await this.#usePasskey(options)).response } : { code: proof.code };
    return this.#sendProof(step.of, { secret, ...given }, options);
  }

  /** The ways in and back in that the deployment has. */
  async methods(options: CallOptions = {}): Promise<Methods> {
    return parseMember(await this.#api.send("GET", "/api/users/methods", options), "methods");
  }

  /** Has a secret mailed that `resetPassword` takes. The answer is the same whoever has the email, or nobody. */
  async requestPasswordReset(email: string, options: CallOptions = {}): Promise<Mail> {
    return this.#requestMail("/api/users/password-reset", { user: { email }, ...options });
  }

  /** Sets a new password with a mailed secret. It ends all of the user's sessions, and begins none. */
  async resetPassword(reset: PasswordReset, options: CallOptions = {}): Promise<void> {
    await this.#api.send("PUT", "/api/users/password-reset", { user: reset, ...options });
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
    return this.#api.authenticated((token) => this.#requestMail(path, { token, ...options }));
  }

  /**
   * Verifies an address of the user with a mailed secret. One that waited takes effect, which ends the user's other
   * sessions, and all tokens issued before.
   */
  async verifyEmail(secret: string, options: CallOptions = {}): Promise<User> {
    const request = { user: { secret }, ...options };
    return this.#api.authenticated((token) =>
      this.#api.changeToken(this.#api.user("PUT", "/api/user/email-verification", { token, ...request })),
    );
  }

  /** The user's credentials beside the password, and the state of their email. */
  async credentials(options: CallOptions = {}): Promise<CredentialList> {
    return this.#api.authenticated(async (token) => {
      const response = await this.#api.send("GET", CREDENTIALS, { token, ...options });
      parseMember(response, "credentials");
      return response.body as CredentialList;
    });
  }

  /** Adds an authenticator app, which `confirmTotp` has to confirm. It takes the place of one that waits for that. */
  async addTotp(options: CallOptions = {}): Promise<NewTotp> {
    return this.#addCredential({ type: "totp" }, "credential", options);
  }

  /**
   * Confirms an authenticator app with its first code. From then on it is the user's second factor, in place of an earlier
   * one and its recovery codes. It ends the user's other sessions, and all tokens issued before.
   */
  async confirmTotp(id: number, code: string, options: CallOptions = {}): Promise<ConfirmedTotp> {
    return this.#api.sensitive((token) => {
      const request = { token, credential: { code }, ...options };
      const confirm = async () => {
        const response = await this.#api.send("PATCH", `${CREDENTIALS}/${id}`, request);
        await this.#api.refresh(response, request);
        return {
          credential: parseMember<Credential>(response, "credential"),
          recovery: parseMember<string[]>(response, "recovery"),
        };
      };
      return this.#api.changeToken(confirm());
    });
  }

  /** Makes eight new recovery codes, in place of all earlier ones. */
  async recoveryCodes(options: CallOptions = {}): Promise<string[]> {
    return this.#addCredential({ type: "recovery" }, "recovery", options);
  }

  /** Has the browser make a passkey, and adds it. Throws a `PasskeyError` if the browser makes none. */
  async addPasskey(name: string, options: CallOptions = {}): Promise<Credential> {
    const creation = await this.#api.sensitive((token) => this.#creationOptions(token, options));
    this.#autofill?.abort(); // a browser has one question at a time
    const response = await createPasskey(creation, options.signal);
    try {
      return await this.#addCredential({ type: "passkey", name, response }, "credential", options);
    } catch (error) {
      if (error instanceof ApiError) {
        await forgetPasskey(creation.rp.id, response);
      }
      throw error;
    }
  }

  /** Renames a passkey. */
  async renameCredential(id: number, name: string, options: CallOptions = {}): Promise<Credential> {
    return this.#api.sensitive(async (token) => {
      const request = { token, credential: { name }, ...options };
      return parseMember(await this.#api.send("PATCH", `${CREDENTIALS}/${id}`, request), "credential");
    });
  }

  /**
   * Removes a credential; an authenticator app with its recovery codes. Returns `false` if the user has none with this id,
   * most often because it was removed before.
   */
  async removeCredential(id: number, options: CallOptions = {}): Promise<boolean> {
    try {
      await this.#api.sensitive((token) => this.#api.send("DELETE", `${CREDENTIALS}/${id}`, { token, ...options }));
    } catch (error) {
      if (error instanceof NotFoundError) {
        return false;
      }
      throw error;
    }
    return true;
  }

  /** The user who is logged in. */
  async me(options: CallOptions = {}): Promise<User> {
    return this.#api.authenticated((token) => this.#api.user("GET", "/api/user", { token, ...options }));
  }

  /**
   * Proves again who uses the session, for requests that ask for a recent proof. The session goes on. A user with a second
   * factor has to take a second step, as at `login`.
   */
  async reauthenticate(
    proof: PasswordProof | MailedSecret | PasskeyProof,
    options: CallOptions = {},
  ): Promise<UserOrStep> {
    return this.#prove("reauthentication", proof, options);
  }

  /**
   * Changes the given fields. A new password ends the user's other sessions, and all tokens issued before it.
   * Send `current_password` with it, and with a new email: that is checked. `mail` is there if a mail is under way with
   * which the user can verify a new email.
   */
  async update(patch: UserPatch, options: CallOptions = {}): Promise<UserWithMail> {
    return this.#api.sensitive((token) => {
      const user = this.#api.user("PATCH", "/api/user", { token, user: patch, ...options });
      return patch.password === undefined ? user : this.#api.changeToken(user);
    });
  }

  /**
   * Ends this session, the user's others, or all; if the API can't be asked to, it throws and keeps the token. `others` spares whoever has copied a token of this session; `all` does
   * not.
   */
  async logout(scope: Scope = "local", options: CallOptions = {}): Promise<void> {
    const before = await this.#session.token();
    try {
      await this.#api.authenticated(async (token) => {
        await this.#api.send("POST", `/api/users/logout?scope=${scope}`, { token, ...options });
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
    return this.#api.authenticated(async (token) =>
      parseSessions(await this.#api.send("GET", "/api/user/sessions", { token, ...options })),
    );
  }

  /**
   * Ends one of the user's sessions, by its `id` in the list; this one as `logout` does. Returns `false` if no active
   * session of the user has this id, most often because it has ended before.
   */
  async endSession(id: string, options: CallOptions = {}): Promise<boolean> {
    if (!isPathSegment(id)) {
      return false; // a DELETE of what a URL makes of it would deactivate the account
    }
    const path = `/api/user/sessions/${encodeURIComponent(id)}`;
    const before = await this.#session.token();
    try {
      await this.#api.authenticated(async (token) => {
        await this.#api.send("DELETE", path, { token, ...options });
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
    await this.#api.sensitive(async (token) => {
      await this.#api.send("DELETE", "/api/user", { token, user, ...others });
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

  /** Sends a first proof. Gives the second step if the API asks for one. */
  async #prove(
    of: SecondStep["of"],
    proof: Credentials | PasswordProof | MailedSecret | PasskeyProof,
    options: CallOptions,
    isAutofill = false,
  ): Promise<UserOrStep> {
    const used = "passkey" in proof ? await this.#usePasskey(options, isAutofill) : undefined;
    try {
      return await this.#sendProof(of, used === undefined ? proof : { passkey: used.response }, options);
    } catch (error) {
      if (error instanceof FactorError) {
        return { factor: error.factor, of };
      }
      if (used !== undefined && isUnknownPasskey(error)) {
        await forgetPasskey(used.request.rpId, used.response);
      }
      throw error;
    }
  }

  async #sendProof(of: SecondStep["of"], user: object, options: CallOptions): Promise<User> {
    return of === "login"
      ? this.#api.begin(PROOF_PATHS[of], user, options)
      : this.#api.authenticated((token) => this.#api.user("POST", PROOF_PATHS[of], { token, user, ...options }));
  }

  /** Has the user choose a passkey. A browser has one such question at a time. */
  async #usePasskey({ signal, ...options }: CallOptions, isAutofill = false) {
    this.#autofill?.abort();
    const controller = new AbortController();
    this.#autofill = isAutofill ? controller : undefined;
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) {
      abort();
    }
    try {
      const request = (await this.methods({ ...options, signal: controller.signal })).passkey;
      if (request === null) {
        throw new PasskeyError("unavailable");
      }
      return { request, response: await usePasskey(request, isAutofill, controller.signal) };
    } finally {
      signal?.removeEventListener("abort", abort);
      if (this.#autofill === controller) {
        this.#autofill = undefined;
      }
    }
  }

  /** Options of a new passkey, which the API gives to who could add one. */
  async #creationOptions(token: string | null, options: CallOptions): Promise<CreationOptions> {
    const response = await this.#api.send("GET", CREDENTIALS, { token, ...options });
    const { proof, passkey } = response.body as CredentialList;
    if (proof === false) {
      // As the request itself would be refused.
      throw new ReauthenticationError(403, readError({ user: { detail: "Reauthentication is required." } }));
    }
    if (passkey === null) {
      throw new PasskeyError("unavailable");
    }
    return parseMember(response, "passkey");
  }

  async #addCredential<T extends object>(credential: object, member: string, options: CallOptions): Promise<T> {
    return this.#api.sensitive(async (token) =>
      parseMember(await this.#api.send("POST", CREDENTIALS, { token, credential, ...options }), member),
    );
  }

  async #requestMail(path: string, request: Request): Promise<Mail> {
    return parseMember(await this.#api.send("POST", path, request), "mail");
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
}

/** Session id in a token. */
function sidOf(token: string | null): string | undefined {
  return decodeToken(token ?? "")?.sid;
}

/** Tells whether the API refused a passkey as nobody's. */
function isUnknownPasskey(error: unknown): boolean {
  return error instanceof ApiError && (error.fields.passkey ?? []).some((message) => /unknown/i.test(message));
}

function parseSessions({ status, body }: ApiResponse): SessionList {
  const list = Object(body) as SessionList;
  if (!Array.isArray(list.sessions)) {
    throw new ApiError(status, undefined);
  }
  return list;
}
