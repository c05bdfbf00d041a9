/** Rows of lists. */

/** Clone of the row in a template. */
export function newRow(template: string): HTMLElement {
  const { content } = document.getElementById(template) as HTMLTemplateElement;
  return (content.cloneNode(true) as DocumentFragment).querySelector("li")!;
}

/**
 * Removes a row. The focus goes to the next row, or elsewhere, and not to a button: a key pressed once more removes no
 * other.
 */
export function removeRow(row: HTMLElement, elsewhere?: HTMLElement): void {
  const next = (row.nextElementSibling ?? row.previousElementSibling ?? elsewhere) as HTMLElement | undefined;
  const hasFocus = row.contains(document.activeElement);
  row.remove();
  if (hasFocus) {
    next?.focus();
  }
}
