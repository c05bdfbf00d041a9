// Forms that the API answers: progress, errors at their fields, and nothing that was typed is lost.

import { ApiError, ConnectionError, type FieldErrors, type FieldName } from "latchkey-client";
import { byId, paragraph, setText } from "./dom.js";
import { duration } from "./time.js";

/** How long an answer may take before the page says that it waits, in milliseconds. */
const PATIENCE = 400;

/** What was typed, by the names of the fields. */
export type Typed = Record<string, string>;

/**
 * Does something when a form is sent, with what was typed and the button that was pressed, and shows what goes wrong.
 * One at a time: until the answer is there, further presses do nothing.
 */
export function onSubmit(id: string, act: (typed: Typed, button: HTMLButtonElement) => Promise<void>): void {
  const form = byId<HTMLFormElement>(id);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") {
      return;
    }
    const button = event.submitter as HTMLButtonElement;
    clearErrors(form);
    form.ariaBusy = "true";
    button.ariaDisabled = "true"; // which keeps the focus, unlike `disabled`
    try {
      const typed = Object.fromEntries(new FormData(form)) as Typed;
      await withProgress(() => act(typed, button));
    } catch (error) {
      showError(form, error);
    } finally {
      form.ariaBusy = null;
      button.ariaDisabled = null;
    }
  });
}

/** Says that the page waits, if the answer takes long. */
export async function withProgress<T>(work: () => Promise<T>): Promise<T> {
  const waiting = "Waiting for the answer …";
  setText("status", "");
  const timer = setTimeout(() => setText("status", waiting), PATIENCE);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    if (byId("status").textContent === waiting) {
      setText("status", "");
    }
  }
}

/** What went wrong, for who can't do anything about the program. */
export function explain(error: unknown): string {
  if (error instanceof ConnectionError) {
    return "The connection was lost. What you typed is still here: try again.";
  }
  if (error instanceof ApiError && error.retryAfter !== undefined) {
    return `That was tried too often. Try again in ${duration(error.retryAfter)}.`;
  }
  return error instanceof ApiError && error.status < 500 ? error.message : "Something went wrong here. Try again later.";
}

function clearErrors(form: HTMLFormElement): void {
  for (const element of form.querySelectorAll(".error, .alert")) {
    element.remove();
  }
  for (const input of inputs(form)) {
    input.ariaInvalid = null;
    describe(input, (ids) => ids.filter((id) => id !== errorId(input)));
  }
}

function showError(form: HTMLFormElement, error: unknown): void {
  const fields: FieldErrors = error instanceof ApiError ? error.fields : {};
  const bad = inputs(form).filter((input) => fields[input.name as FieldName] !== undefined);
  for (const input of bad) {
    const text = paragraph("error", (fields[input.name as FieldName] ?? []).join(" "));
    text.id = errorId(input);
    input.after(text);
    input.ariaInvalid = "true";
    describe(input, (ids) => [text.id, ...ids]);
  }
  if (bad.length === 0) {
    const alert = paragraph("alert", explain(error));
    alert.role = "alert";
    form.prepend(alert);
  }
  bad[0]?.focus();
}

function inputs(form: HTMLFormElement): (HTMLInputElement | HTMLTextAreaElement)[] {
  return [...form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input:not([hidden]), textarea")];
}

function errorId(input: HTMLElement): string {
  return `${input.id}-error`;
}

function describe(input: HTMLElement, change: (ids: string[]) => string[]): void {
  const ids = change((input.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean));
  if (ids.length === 0) {
    input.removeAttribute("aria-describedby");
  } else {
    input.setAttribute("aria-describedby", ids.join(" "));
  }
}
