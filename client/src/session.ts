import { SessionChanges, type SessionListener } from "./changes.js";
import { StorageError } from "./errors.js";
import type { TokenStorage } from "./storage.js";
import { isOlder, sameSession } from "./token.js";

/** Characters that a header can hold, and each token has. Anything else in the storage was not written by this client. */
const SENDABLE = /^[\x21-\x7e]+$/;

/** Token and bookmark of the next request, whatever the order in which responses arrive. */
export class Session {
  readonly #storage: TokenStorage;
  readonly #changes = new SessionChanges();
  #unwatch: (() => void) | undefined;
  #bookmark: string | null = null;
  /** Tail of the queue of storage operations, which run one at a time: a read and the write after it are atomic. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(storage: TokenStorage) {
    this.#storage = storage;
  }

  async token(): Promise<string | null> {
    return this.#serialize(() => this.#read());
  }

  /** Tells whether a token, or another of its session, is stored. */
  async holds(token: string | null): Promise<boolean> {
    const current = await this.token();
    return current !== null && sameSession(current, token);
  }

  /** Calls the listener when a session has begun or ended, in other tabs too. Returns what ends that. */
  onChange(listener: SessionListener): () => void {
    const own: SessionListener = (change) => listener(change); // one for each call, with the same listener too
    this.#changes.add(own);
    const look = () => void this.token().catch(() => {}); // which the next request reports
    look();
    this.#unwatch ??= this.#storage.onChange?.(look);
    return () => {
      this.#changes.remove(own);
      if (!this.#changes.hasListeners) {
        this.#unwatch?.();
        this.#unwatch = undefined;
      }
    };
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
    await this.#serialize(() => this.#write(token));
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
    await this.#compareAndSet(null, (current) => sameSession(current, requestToken));
  }

  /** Clears a token that the API refused, unless another is stored. Returns that one if it is of the same session. */
  async reject(requestToken: string): Promise<string | null> {
    return this.#serialize(async () => {
      const current = await this.#read();
      if (current === requestToken) {
        await this.#write(null);
        return null;
      }
      return current !== null && sameSession(current, requestToken) ? current : null;
    });
  }

  async #compareAndSet(token: string | null, matches: (current: string) => boolean): Promise<void> {
    await this.#serialize(async () => {
      const current = await this.#read();
      if (current !== null && matches(current)) {
        await this.#write(token);
      }
    });
  }

  async #read(): Promise<string | null> {
    const stored = await attempt("read", () => this.#storage.get());
    if (typeof stored === "string" && !SENDABLE.test(stored)) {
      await this.#write(null);
      return null;
    }
    const token = stored ?? null; // an app's storage may have `undefined`
    this.#changes.read(token);
    return token;
  }

  async #write(token: string | null): Promise<void> {
    await attempt(token === null ? "clear" : "store", () => this.#storage.set(token));
    this.#changes.written(token);
  }

  #serialize<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {}); // the caller handles the rejection
    return done;
  }
}

async function attempt<T>(action: "read" | "store" | "clear", work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new StorageError(action, error);
  }
}
