import type { TokenStorage } from "./storage.js";
import { decodeToken } from "./token.js";

/** The token and the bookmark of the next request, whatever the order in which answers arrive. */
export class Session {
  readonly #storage: TokenStorage;
  #bookmark: string | null = null;
  /** What is done with the storage, one after the other: nothing may come between a look and what follows from it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(storage: TokenStorage) {
    this.#storage = storage;
  }

  async token(): Promise<string | null> {
    return this.#inTurn(async () => this.#storage.get());
  }

  /** The newest state of the database that an answer came from. */
  get bookmark(): string | null {
    return this.#bookmark;
  }

  /** Notes the state that an answer came from. Bookmarks sort by age. */
  advance(bookmark: string | null): void {
    if (bookmark !== null && (this.#bookmark === null || bookmark > this.#bookmark)) {
      this.#bookmark = bookmark;
    }
  }

  /** Begins with a token, or with nobody logged in. */
  async begin(token: string | null): Promise<void> {
    await this.#inTurn(async () => this.#storage.set(token));
  }

  /** Goes on with the fresh token, unless the user has logged out, or in again, since the other was sent. */
  async goOn(sent: string | null, fresh: string): Promise<void> {
    await this.#setIf(fresh, (current) => current === sent || isOfOneSession(current, fresh));
  }

  /** Forgets all tokens of the session that has ended. */
  async end(sent: string | null): Promise<void> {
    await this.#setIf(null, (current) => current === sent || isOfOneSession(current, sent));
  }

  /** Forgets a token that was refused, unless there is a fresher one. */
  async refuse(sent: string): Promise<void> {
    await this.#setIf(null, (current) => current === sent);
  }

  async #setIf(token: string | null, isMeant: (current: string) => boolean): Promise<void> {
    await this.#inTurn(async () => {
      const current = await this.#storage.get();
      if (current !== null && isMeant(current)) {
        await this.#storage.set(token);
      }
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {}); // who asked for it is told
    return done;
  }
}

/** A token that another library signed has no `sid`. */
function isOfOneSession(one: string, other: string | null): boolean {
  const sid = decodeToken(one)?.sid;
  return sid !== undefined && sid === decodeToken(other ?? "")?.sid;
}
