import { sameSession } from "./token.js";

/** `began` also where a session takes the place of another. */
export type SessionChange = "began" | "ended";

export type SessionListener = (change: SessionChange) => void;

/** Changes from one session to another, found in the tokens that are stored one after the other. */
export class SessionChanges {
  /** The token that was seen last; `undefined` before the first. */
  #token: string | null | undefined;
  readonly #listeners = new Set<SessionListener>();

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  add(listener: SessionListener): void {
    this.#listeners.add(listener);
  }

  remove(listener: SessionListener): void {
    this.#listeners.delete(listener);
  }

  /** Takes note of a token that was read. The first has been there before, and is no change. */
  read(token: string | null): void {
    if (this.#token === undefined) {
      this.#token = token;
    } else {
      this.written(token);
    }
  }

  /** Takes note of a token that was written, or of a logout. */
  written(token: string | null): void {
    const before = this.#token ?? null;
    this.#token = token;
    if (token === null ? before !== null : before === null || !sameSession(token, before)) {
      this.#notify(token === null ? "ended" : "began");
    }
  }

  /** Calls listeners after the operation on the storage, which they may then use. What they throw is theirs. */
  #notify(change: SessionChange): void {
    for (const listener of this.#listeners) {
      void Promise.resolve().then(() => this.#listeners.has(listener) && listener(change));
    }
  }
}
