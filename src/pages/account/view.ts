/** The current view of the page: a clone of its `<template>`. */

export const BRAND = document.querySelector(".brand")!.textContent!.trim();

export function find<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** Aborts when the current view is replaced. */
let stay = new AbortController();

/** Signal for what is to end with the current view. */
export function untilLeft(): AbortSignal {
  return stay.signal;
}

/** Replaces the current view, with a notice if the user needs the reason. */
export function show(name: string, notice = ""): void {
  const view = find("view");
  stay.abort();
  stay = new AbortController();
  const isFirst = view.childElementCount === 0;
  // A dialog that is removed is not closed: whoever waits for its answer would wait for good.
  document.querySelectorAll<HTMLDialogElement>("dialog[open]").forEach((dialog) => dialog.close());
  view.replaceChildren(find<HTMLTemplateElement>(name).content.cloneNode(true));
  find("session").replaceChildren();
  find("notice").textContent = notice;
  const heading = view.querySelector("h1")!;
  document.title = `${heading.textContent} · ${BRAND}`;
  if (!isFirst) {
    heading.focus(); // The element that had it is gone.
  }
}

/** Follows a link to another view of guests without loading the page. */
export function followLink(id: string, open: () => void): void {
  const link = find<HTMLAnchorElement>(id);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      return; // to another tab or window
    }
    event.preventDefault();
    history.pushState(null, "", link.href);
    open();
  });
}

document.addEventListener("click", ({ target }) => {
  if (target instanceof HTMLButtonElement && target.matches(".reveal")) {
    reveal(target);
  }
});

/** Shows or hides a password. The button says what it does next. */
function reveal(button: HTMLButtonElement): void {
  const input = button.previousElementSibling as HTMLInputElement;
  const isShown = input.type === "text";
  const [from, to] = isShown ? ["Hide", "Show"] : ["Show", "Hide"];
  input.type = isShown ? "password" : "text";
  button.textContent = to!;
  button.ariaLabel = button.ariaLabel!.replace(from!, to!);
}
