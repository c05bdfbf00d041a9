/** Storage of the token between calls, and between visits if the app wants that. */
export interface TokenStorage {
  get(): string | null | Promise<string | null>;
  /** Stores a token; `null` clears it. */
  set(token: string | null): void | Promise<void>;
  /** Calls the listener whenever another program, such as another tab, may have set a token. Returns what ends that. */
  onChange?(listener: () => void): () => void;
}

/** The part of the web's `Storage` that holds a token. React Native's `AsyncStorage` has it too. */
export interface KeyValueStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): void | Promise<void>;
  removeItem(key: string): void | Promise<void>;
}

/** Keeps the token until the page is left. No other script can read it. */
export function memoryStorage(): TokenStorage {
  let stored: string | null = null;
  return {
    get: () => stored,
    set: (token) => {
      stored = token;
    },
  };
}

/**
 * Keeps the token in `sessionStorage` (until the tab is closed) or `localStorage` (for all tabs, until logout).
 * Any script of the page can read it there.
 */
export function webStorage(storage: KeyValueStorage, key = "latchkey.token"): TokenStorage {
  return {
    get: () => storage.getItem(key),
    set: (token) => (token === null ? storage.removeItem(key) : storage.setItem(key, token)),
    onChange(listener) {
      const listen = (event: StorageEvent) => {
        // Without a key if all keys were removed.
        if (event.key === key || event.key === null) {
          listener();
        }
      };
      // Browsers send the event to all windows of the origin but the one that has changed the storage. Others have none.
      globalThis.addEventListener?.("storage", listen);
      return () => globalThis.removeEventListener?.("storage", listen);
    },
  };
}
