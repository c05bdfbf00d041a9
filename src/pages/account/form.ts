/** Behaviour of all forms: one request at a time, with its progress and result shown. */

import { ApiError, ConnectionError, type FieldName } from "latchkey-client";
import { relative } from "./time.js";

type Field = HTMLInputElement | HTMLTextAreaElement;

/** Delay before progress is shown, in milliseconds. */
const PROGRESS_DELAY = 400;

/** Calls `send` with the button that was pressed. The string it returns is announced; an error is shown. */
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
    const slow = setTimeout(() => (status.textContent = button.dataset.progress!), PROGRESS_DELAY);
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

/** Fields with a name, which is the API's. */
export function fieldsOf(form: HTMLFormElement): Field[] {
  return [...form.querySelectorAll<Field>("input[name], textarea")];
}

/** Typed values by field name. */
export function valuesOf<T>(form: HTMLFormElement): T {
  return Object.fromEntries(fieldsOf(form).map((field) => [field.name, field.value])) as T;
}

/** Marks a form busy. Nothing is `disabled`: that would lose the focus. */
function setBusy(form: HTMLFormElement, button: HTMLButtonElement, isBusy: boolean): void {
  button.ariaBusy = String(isBusy);
  form.querySelectorAll<HTMLButtonElement>("[data-progress]").forEach((each) => (each.ariaDisabled = String(isBusy)));
  fieldsOf(form).forEach((field) => (field.readOnly = isBusy));
}

/** Shows errors at their fields. Returns the message for the form as a whole: empty if the fields show all of it. */
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
  const invalid = fieldsOf(form).filter(({ name }) => error.fields[name as FieldName]);
  invalid.forEach((field) => showFieldError(field, error.fields[field.name as FieldName]!));
  invalid[0]?.focus();
  const areAllShown = invalid.length > 0 && invalid.length === Object.keys(error.fields).length;
  return areAllShown ? "" : capitalized(error.message);
}

function showFieldError(field: Field, messages: string[]): void {
  field.ariaInvalid = String(messages.length > 0);
  const label = field.labels![0]!.firstChild!.textContent!.trim();
  document.getElementById(`${field.id}-error`)!.textContent = messages
    .map((message) => sentence(label, message))
    .join(" ");
}

/** Messages of the dialect `django` are sentences, those of `realworld` continue the field's label. */
function sentence(label: string, message: string): string {
  return message.endsWith(".") ? capitalized(message) : `${label} ${message}.`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
