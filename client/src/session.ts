import type { TokenStorage } from "./storage.js";
import { decodeToken } from "./token.js";

/** Token and bookmark of the next request, whatever the order in which responses arrive. */
export class Session {
  readonly #storage: TokenStorage;
  #bookmark: string | null = null;
  /** Tail of the queue of storage operations, which run one at a time: a read and the write after it are atomic. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(storage: TokenStorage) {
    this.#storage = storage;
  }

  async token(): Promise<string | null> {
    return this.#serialize(async () => this.#storage.get());
  }

  /** Newest state of the database that a response came from. */
  get bookmark(): string | null {
    return this.#bookmark;
  }

  /** Records the state that a response came from. Bookmarks sort by age. */
  recordBookmark(bookmark: string | null): void {
    if (bookmark !== null && (this.#bookmark === null || bookmark > this.#bookmark)) {
      this.#bookmark = bookmark;
    }
  }

  /** Begins with a token, or with nobody logged in. */
  async begin(token: string | null): Promise<void> {
    await this.#serialize(async () => this.#storage.set(token));
  }

  /** Goes on with the fresh token, unless the user has logged out, or in again, since the request. */
  async refresh(requestToken: string | null, fresh: string): Promise<void> {
    await this.#compareAndSet(fresh, (current) => current === requestToken || sameSession(current, fresh));
  }

  /** Forgets all tokens of the session that has ended. */
  async end(requestToken: string | null): Promise<void> {
    await this.#compareAndSet(null, (current) => current === requestToken || sameSession(current, requestToken));
  }

  /** Forgets a token that was refused, unless there is a fresher one. */
  async refuse(requestToken: string): Promise<void> {
    await this.#compareAndSet(null, (current) => current === requestToken);
  }

  async #compareAndSet(token: string | null, matches: (current: string) => boolean): Promise<void> {
    await this.#serialize(async () => {
      const current = await this.#storage.get();
      if (current !== null && matches(current)) {
        await this.#storage.set(token);
      }
    });
  }

  #serialize<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {}); // the caller handles the rejection
    return done;
  }
}

/** A token that another library signed has no `sid`. */
function sameSession(one: string, other: string | null): boolean {
  const sid = decodeToken(one)?.sid;
  return sid !== undefined && sid === decodeToken(other ?? "")?.sid;
}
