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

  /** Tells whether a token, or another of its session, is stored. */
  async holds(token: string | null): Promise<boolean> {
    const current = await this.token();
    return current !== null && (current === token || sameSession(current, token));
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

  /** Begins with a token, or logged out. */
  async begin(token: string | null): Promise<void> {
    await this.#serialize(async () => this.#storage.set(token));
  }

  /** Stores a fresh token, unless a newer one is stored or the user has logged out, or in again, since the request. */
  async refresh(requestToken: string | null, fresh: string): Promise<void> {
    await this.#compareAndSet(
      fresh,
      (current) => (current === requestToken || sameSession(current, fresh)) && !isOlder(fresh, current),
    );
  }

  /** Clears the token of a session that has ended. */
  async end(requestToken: string | null): Promise<void> {
    await this.#compareAndSet(null, (current) => current === requestToken || sameSession(current, requestToken));
  }

  /** Clears a token that the API refused, unless another is stored. Returns that one if it is of the same session. */
  async reject(requestToken: string): Promise<string | null> {
    return this.#serialize(async () => {
      const current = await this.#storage.get();
      if (current === requestToken) {
        await this.#storage.set(null);
        return null;
      }
      return current !== null && sameSession(current, requestToken) ? current : null;
    });
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

/** Tokens that other libraries signed have no `sid`. */
function sameSession(one: string, other: string | null): boolean {
  const sid = decodeToken(one)?.sid;
  return sid !== undefined && sid === decodeToken(other ?? "")?.sid;
}

/**
 * Compares two tokens of one session. `iat` alone is not enough: a new password raises `ver`, and may do so within the
 * second in which the last token was issued.
 */
function isOlder(one: string, other: string): boolean {
  const [a, b] = [decodeToken(one), decodeToken(other)];
  const difference = (a?.ver ?? 0) - (b?.ver ?? 0) || (a?.iat ?? 0) - (b?.iat ?? 0);
  return sameSession(one, other) && difference < 0;
}
