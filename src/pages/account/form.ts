/** What all forms of the page do: send once at a time, and show what comes of it. */

import { ApiError, ConnectionError, type FieldName } from "latchkey-client";
import { relative } from "./time.js";

type Field = HTMLInputElement | HTMLTextAreaElement;

/** How long an answer may take until it is called slow, in milliseconds. */
const PATIENCE = 400;

/** Calls `send` with the button that was pressed. The text that it gives is announced; what it throws is shown. */
export function onSubmit(form: HTMLFormElement, send: (button: HTMLButtonElement) => Promise<string | void>): void {
  const alert = form.querySelector("[role=alert]")!;
  const status = form.querySelector("[role=status]")!;
  let isSending = false;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isSending) {
      return;
    }
    isSending = true;
    const button = event.submitter as HTMLButtonElement;
    alert.textContent = status.textContent = "";
    fieldsOf(form).forEach((field) => showFieldError(field, []));
    setBusy(form, button, true);
    const slow = setTimeout(() => (status.textContent = button.dataset.progress!), PATIENCE);
    let done: string | void = "";
    try {
      done = await send(button);
    } catch (error) {
      alert.textContent = showError(form, button, error);
    } finally {
      clearTimeout(slow);
      status.textContent = done ?? "";
      setBusy(form, button, false);
      isSending = false;
    }
  });
}

/** The fields with a name, by which the API knows them. */
export function fieldsOf(form: HTMLFormElement): Field[] {
  return [...form.querySelectorAll<Field>("input[name], textarea")];
}

/** What has been typed, by the fields' names. */
export function valuesOf<T>(form: HTMLFormElement): T {
  return Object.fromEntries(fieldsOf(form).map((field) => [field.name, field.value])) as T;
}

/** Nothing is `disabled`: that would lose the focus. */
function setBusy(form: HTMLFormElement, button: HTMLButtonElement, isBusy: boolean): void {
  button.ariaBusy = String(isBusy);
  form.querySelectorAll<HTMLButtonElement>("[data-progress]").forEach((each) => (each.ariaDisabled = String(isBusy)));
  fieldsOf(form).forEach((field) => (field.readOnly = isBusy));
}

/** Shows what is wrong at the fields, and gives the text for the form as a whole: empty if they say it all. */
function showError(form: HTMLFormElement, button: HTMLButtonElement, error: unknown): string {
  if (error instanceof ConnectionError) {
    return `The server could not be reached. Check your connection, then press “${button.textContent}” to try again.`;
  }
  if (!(error instanceof ApiError)) {
    throw error;
  }
  if (error.status === 429 && error.retryAfter) {
    return `Too many attempts. Please try again ${relative(error.retryAfter, Math.ceil)}.`;
  }
  const wrong = fieldsOf(form).filter(({ name }) => error.fields[name as FieldName]);
  wrong.forEach((field) => showFieldError(field, error.fields[field.name as FieldName]!));
  wrong[0]?.focus();
  const saysItAll = wrong.length > 0 && wrong.length === Object.keys(error.fields).length;
  return saysItAll ? "" : capitalized(error.message);
}

function showFieldError(field: Field, texts: string[]): void {
  field.ariaInvalid = String(texts.length > 0);
  const label = field.labels![0]!.firstChild!.textContent!.trim();
  document.getElementById(`${field.id}-error`)!.textContent = texts.map((text) => sentence(label, text)).join(" ");
}

/** Texts of the dialect `django` are sentences, those of `realworld` go on from the name. */
function sentence(label: string, text: string): string {
  return text.endsWith(".") ? capitalized(text) : `${label} ${text}.`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
