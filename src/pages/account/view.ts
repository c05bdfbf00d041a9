/** The current view of the page: a clone of its `<template>`. */

export function find<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** Replaces the current view, with a notice if the user needs the reason. */
export function show(name: string, notice = ""): void {
  const view = find("view");
  const isFirst = view.childElementCount === 0;
  view.replaceChildren(find<HTMLTemplateElement>(name).content.cloneNode(true));
  for (const button of view.querySelectorAll<HTMLButtonElement>(".reveal")) {
    button.addEventListener("click", () => reveal(button));
  }
  find("notice").textContent = notice;
  const heading = view.querySelector("h1")!;
  document.title = `${heading.textContent} · Latchkey`;
  if (!isFirst) {
    heading.focus(); // The element that had it is gone.
  }
}

/** Shows or hides a password. */
function reveal(button: HTMLButtonElement): void {
  const input = button.previousElementSibling as HTMLInputElement;
  const isShown = input.type === "password";
  input.type = isShown ? "text" : "password";
  button.ariaPressed = String(isShown);
}
