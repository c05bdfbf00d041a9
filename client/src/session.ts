import type { TokenStorage } from "./storage.js";
import { decodeToken } from "./token.js";

/** The token and the bookmark of the next request, whatever the order in which answers arrive. */
export class Session {
  readonly #storage: TokenStorage;
  #bookmark: string | null = null;

  constructor(storage: TokenStorage) {
    this.#storage = storage;
  }

  async token(): Promise<string | null> {
    return this.#storage.get();
  }

  /** The newest state of the database that an answer came from. */
  get bookmark(): string | null {
    return this.#bookmark;
  }

  /** Begins with a token, or with nobody logged in. */
  async begin(token: string | null): Promise<void> {
    await this.#storage.set(token);
  }

  /** Notes the state that an answer came from; `false` if a newer one was seen before. Bookmarks sort by age. */
  advance(bookmark: string | null): boolean {
    if (bookmark !== null && this.#bookmark !== null && bookmark < this.#bookmark) {
      return false;
    }
    this.#bookmark = bookmark ?? this.#bookmark;
    return true;
  }

  /** Goes on with the fresh token, unless the user has logged out, or in again, since the other was sent. */
  async goOn(sent: string | null, fresh: string): Promise<void> {
    const current = await this.#storage.get();
    if (current !== null && (current === sent || isOfOneSession(current, fresh))) {
      await this.#storage.set(fresh);
    }
  }

  /** Forgets all tokens of the session that has ended. */
  async end(sent: string | null): Promise<void> {
    const current = await this.#storage.get();
    if (current === sent || isOfOneSession(current, sent)) {
      await this.#storage.set(null);
    }
  }

  /** Forgets a token that was refused, unless there is a fresher one. */
  async refuse(sent: string): Promise<void> {
    if ((await this.#storage.get()) === sent) {
      await this.#storage.set(null);
    }
  }
}

/** A token that another library signed has no `sid`. */
function isOfOneSession(one: string | null, other: string | null): boolean {
  const sid = decodeToken(one ?? "")?.sid;
  return sid !== undefined && sid === decodeToken(other ?? "")?.sid;
}
