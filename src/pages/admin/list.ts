/** Lists that come in pages: the first, and more of them at the press of a button. */

import { find } from "../account/view.js";
import type { Console, Part } from "./page.js";

/** The most pages that are read at once, since each counts for the limit of requests. */
const MAX_READS = 10;

interface List<T> {
  /** Reads a page; the first `after` nothing. */
  read(after: string, signal: AbortSignal): Promise<Part<T>>;
  rowOf(item: T): HTMLElement;
  /** Name of one, and of several. */
  nouns: [string, string];
  /** Text for none. */
  emptyText(): string;
}

/**
 * Shows a list in the elements of its view, and gives the function that reads it again. An answer that is out of date by
 * then is dropped.
 */
export function openList<T>({ on }: Pick<Console, "on">, { read, rowOf, nouns, emptyText }: List<T>): () => void {
  const rows = find("list");
  const form = find<HTMLFormElement>("look-up");
  const more = find<HTMLFormElement>("more");
  let current = new AbortController();
  let next: string | null = null;

  on(form, async (button) => {
    for (;;) {
      const { signal } = (current = new AbortController());
      try {
        const part = await readSome("", signal);
        if (!signal.aborted) {
          button.hidden = true;
          rows.replaceChildren();
          add(part);
          return countText();
        }
      } catch (error) {
        if (!signal.aborted) {
          more.hidden = rows.hidden = true;
          button.hidden = false;
          throw error;
        }
      }
    }
  });

  on(more, async () => {
    const { signal } = current;
    try {
      const part = await readSome(next!, signal);
      if (!signal.aborted) {
        const first = add(part);
        form.querySelector("[role=status]")!.textContent = countText();
        first?.focus();
      }
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
  });

  /** A page may be empty though it is not the last. */
  async function readSome(after: string, signal: AbortSignal): Promise<Part<T>> {
    let part = await read(after, signal);
    for (let reads = 1; part.items.length === 0 && part.next !== null && reads < MAX_READS; reads += 1) {
      part = await read(part.next, signal);
    }
    return part;
  }

  /** Adds the rows of a page, and gives the first. */
  function add(part: Part<T>): HTMLElement | undefined {
    const added = part.items.map(rowOf);
    rows.append(...added);
    next = part.next;
    more.hidden = next === null;
    rows.hidden = rows.childElementCount === 0;
    return added[0];
  }

  function countText(): string {
    const count = rows.childElementCount;
    if (count === 0) {
      return next === null ? emptyText() : "None so far.";
    }
    const text = `${count} ${nouns[count === 1 ? 0 : 1]}`;
    return next === null ? text : `The first ${text}`;
  }

  return () => {
    current.abort();
    form.requestSubmit(form.querySelector("button"));
  };
}

/** Delay before what is typed is looked up, in milliseconds. */
const TYPING_DELAY = 250;

/**
 * Calls a function with each change of a filter: a moment after the last key, or at once when Enter is pressed, or
 * something is chosen.
 */
export function onFilter(form: HTMLFormElement, use: () => void): void {
  let timer: ReturnType<typeof setTimeout>;
  const useAfter = (delay: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => form.isConnected && use(), delay); // or the view was left meanwhile
  };
  form.addEventListener("input", ({ target }) => useAfter(target instanceof HTMLSelectElement ? 0 : TYPING_DELAY));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    useAfter(0);
  });
}

/** Puts a filter into the address, so that going back finds it again, without an entry of the history for each key. */
export function keepInAddress(values: Record<string, string>): void {
  const given = Object.entries(values).filter(([name, value]) => value !== "" || name === "events");
  history.replaceState(null, "", `#${new URLSearchParams(given)}`);
}
