// Short names for what the page does with its elements.

/** The element with this id, which the page has. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

export function setText(id: string, text: string): void {
  byId(id).textContent = text;
}

/** A new paragraph. */
export function paragraph(className: string, text: string): HTMLParagraphElement {
  const element = document.createElement("p");
  element.className = className;
  element.textContent = text;
  return element;
}
