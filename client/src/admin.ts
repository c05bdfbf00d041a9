import type { Latchkey } from "./client.js";
import { NotFoundError } from "./errors.js";
import {
  type ApiResponse,
  type CallOptions,
  isPathSegment,
  parseMember,
  type Request,
  type Requests,
  requestsOf,
} from "./requests.js";
import type {
  AdminEvent,
  AdminUser,
  AdminUserWithMethods,
  EventList,
  EventSearch,
  Invitation,
  SessionList,
  StaffPatch,
  UserList,
  UserSearch,
} from "./types.js";

const USERS = "/api/admin/users";
const EVENTS = "/api/admin/events";
/** Cloudflare Access, which may stand before these paths, knows who asks by a cookie. */
const PROTECTED = { hasCookies: true };

/**
 * Users, as staff look after them, with the session of a client. Each method throws what those of the client throw, and a
 * `ForbiddenError` if the client's user may not do this, or their session was not proved by two factors. Where the last
 * proof is too old, `renewProof` of the client is asked for another.
 */
export class LatchkeyAdmin {
  readonly #api: Requests;

  constructor(latchkey: Latchkey) {
    this.#api = requestsOf(latchkey);
  }

  /**
   * A page of users: those whose email or username begins with `q`, or whose id it is; without it all, the newest first.
   * It may be shorter than `limit` while `next`, which is the next page's `after`, is not null.
   */
  async users(search: UserSearch = {}, options: CallOptions = {}): Promise<UserList> {
    return this.#list(USERS, "users", search, options);
  }

  /** All users that `users` gives, page after page. */
  async *eachUser(search: UserSearch = {}, options: CallOptions = {}): AsyncGenerator<AdminUser, void, undefined> {
    for (let after: string | null = search.after ?? ""; after !== null; ) {
      const page: UserList = await this.users({ ...search, after }, options);
      yield* page.users;
      after = page.next;
    }
  }

  /** A user, with their ways in. */
  async user(id: number, options: CallOptions = {}): Promise<AdminUserWithMethods> {
    return parseMember(await this.#send("GET", pathOf(id), options), "user");
  }

  /** Makes a user without a password, and has an invitation to choose one mailed to them. */
  async invite(user: Invitation, options: CallOptions = {}): Promise<AdminUser> {
    return parseMember(await this.#send("POST", USERS, { user, ...options }), "user");
  }

  /** Changes the given fields. `email`, `staff` and `superuser` are for superusers, and so are all of a member of staff. */
  async change(id: number, patch: StaffPatch, options: CallOptions = {}): Promise<AdminUser> {
    return parseMember(await this.#send("PATCH", pathOf(id), { user: patch, ...options }), "user");
  }

  /** Has a link mailed to a user with which they set a new password. Gives the end of the link, and no secret. */
  async requestPasswordReset(id: number, options: CallOptions = {}): Promise<{ expires: string }> {
    return parseMember(await this.#send("POST", `${pathOf(id)}/password-reset`, options), "mail");
  }

  /** Active sessions of a user, from the most recently seen on; at most 100. */
  async sessions(id: number, options: CallOptions = {}): Promise<SessionList> {
    return this.#list(`${pathOf(id)}/sessions`, "sessions", {}, options);
  }

  /** Ends one session of a user. Returns `false` if no active session of theirs has this `id`. */
  async endSession(id: number, session: string, options: CallOptions = {}): Promise<boolean> {
    // A DELETE of what a URL makes of other ids would end them all.
    return isPathSegment(session) && this.#remove(`${pathOf(id)}/sessions/${encodeURIComponent(session)}`, options);
  }

  /** Ends every session of a user, and every mailed secret with them. */
  async endSessions(id: number, options: CallOptions = {}): Promise<void> {
    await this.#send("DELETE", `${pathOf(id)}/sessions`, options);
  }

  /**
   * Removes an authenticator app, with its recovery codes, or a passkey of a user: for superusers. Returns `false` if they
   * have none with this `credential` as its id.
   */
  async removeCredential(id: number, credential: number, options: CallOptions = {}): Promise<boolean> {
    return this.#remove(`${pathOf(id)}/credentials/${credential}`, options);
  }

  /** Erases a user and their data, which can't be undone: for superusers. Returns `false` if there is no such user. */
  async erase(id: number, options: CallOptions = {}): Promise<boolean> {
    return this.#remove(pathOf(id), options);
  }

  /** A page of events, the newest first, of users who were erased too. `next` is the next page's `after`; null at the end. */
  async events(search: EventSearch = {}, options: CallOptions = {}): Promise<EventList> {
    return this.#list(EVENTS, "events", search, options);
  }

  /** All events that `events` gives, page after page. */
  async *eachEvent(search: EventSearch = {}, options: CallOptions = {}): AsyncGenerator<AdminEvent, void, undefined> {
    for (let after: string | null = search.after ?? ""; after !== null; ) {
      const page: EventList = await this.events({ ...search, after }, options);
      yield* page.events;
      after = page.next;
    }
  }

  async #send(method: string, path: string, request: Request): Promise<ApiResponse> {
    return this.#api.sensitive((token) => this.#api.send(method, path, { token, ...PROTECTED, ...request }));
  }

  async #list<T>(path: string, member: string, search: object, options: CallOptions): Promise<T> {
    const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== "");
    const query = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&");
    const response = await this.#send("GET", query === "" ? path : `${path}?${query}`, options);
    parseMember(response, member);
    return response.body as T;
  }

  async #remove(path: string, options: CallOptions): Promise<boolean> {
    try {
      await this.#send("DELETE", path, options);
    } catch (error) {
      if (error instanceof NotFoundError) {
        return false;
      }
      throw error;
    }
    return true;
  }
}

function pathOf(id: number): string {
  return `${USERS}/${id}`;
}
