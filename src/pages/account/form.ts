/** Behaviour of all forms: one request at a time, with its progress and result shown. */

import { ApiError, ConnectionError, type FieldName } from "latchkey-client";
import { type ClientError, failureText, fieldText, isClientError } from "./messages.js";
import { isWebAddress } from "./picture.js";
import { isConfirmed } from "./question.js";
import { find } from "./view.js";
import { isWaiting } from "./wait.js";

export type Field = HTMLInputElement | HTMLTextAreaElement;

/** Delay before progress is shown, in milliseconds. */
export const PROGRESS_DELAY = 400;

/**
 * Calls `send` with the button that was pressed, once its question is confirmed. The string it returns is announced; an
 * error is shown. Both go when the form changes.
 */
export function onSubmit(form: HTMLFormElement, send: (button: HTMLButtonElement) => Promise<string | void>): void {
  const alert = form.querySelector("[role=alert]")!;
  const status = form.querySelector("[role=status]")!;
  const clear = () => (alert.textContent = status.textContent = find("notice").textContent = "");
  let isSending = false;

  form.addEventListener("input", ({ target }) => {
    clear();
    showFieldError(target as Field, "");
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isSending) {
      return;
    }
    const button = event.submitter as HTMLButtonElement;
    clear();
    fieldsOf(form).forEach((field) => showFieldError(field, problemOf(field, button)));
    if (focusFirstError(form) || !(await isConfirmed(button))) {
      return;
    }
    isSending = true;
    setBusy(form, button, true);
    const slow = setTimeout(() => (status.textContent = button.dataset.progress!), PROGRESS_DELAY);
    let done: string | void = "";
    try {
      done = await send(button);
    } catch (error) {
      if (!isClientError(error)) {
        throw error;
      }
      alert.textContent = showError(form, button, error);
      clearWhenOver(error, alert);
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

export function hasChanged({ value, defaultValue }: Field): boolean {
  return value !== defaultValue;
}

/** Shows an error at its field; none if it is empty. */
export function showFieldError(field: Field, error: string): void {
  field.ariaInvalid = String(error !== "");
  document.getElementById(`${field.id}-error`)!.textContent = error;
}

/** Problem that the page finds by itself: a value that the API takes, or a missing proof before a question is asked. */
function problemOf(field: Field, button: HTMLButtonElement): string {
  const value = field.value.trim();
  if (field.name === "image" && hasChanged(field) && value !== "" && !isWebAddress(value)) {
    return "The address has to begin with https:// or http://.";
  }
  if (value === "" && field.dataset.blank) {
    return field.dataset.blank;
  }
  const isMissing = field.name === "current_password" && value === "" && button.dataset.question;
  return isMissing ? "Enter your password." : "";
}

/** Moves the focus to the first field with an error, and tells whether there is one. */
function focusFirstError(form: HTMLFormElement): boolean {
  const invalid = form.querySelector<Field>("[aria-invalid=true]");
  invalid?.focus();
  return invalid !== null;
}

/** Marks a form busy. Nothing is `disabled`: that would lose the focus. */
function setBusy(form: HTMLFormElement, button: HTMLButtonElement, isBusy: boolean): void {
  button.ariaBusy = String(isBusy);
  for (const each of form.querySelectorAll<HTMLButtonElement>("[data-progress]")) {
    each.ariaDisabled = String(isBusy || isWaiting(each));
  }
  fieldsOf(form).forEach((field) => (field.readOnly = isBusy));
}

/** Shows errors at their fields. Returns the text for the form as a whole: empty if the fields show all of it. */
function showError(form: HTMLFormElement, button: HTMLButtonElement, error: ClientError): string {
  const fields = error instanceof ApiError ? error.fields : {};
  const invalid = fieldsOf(form).filter(({ name }) => fields[name as FieldName]);
  for (const field of invalid) {
    const label = field.labels![0]!.firstChild!.textContent!.trim();
    const messages = fields[field.name as FieldName]!;
    showFieldError(field, messages.map((message) => fieldText(field.name, label, message)).join(" "));
  }
  focusFirstError(form);
  const areAllShown = invalid.length > 0 && invalid.length === Object.keys(fields).length;
  return areAllShown ? "" : failureText(error, button.textContent!.trim());
}

/** Clears an error when waiting or a connection has removed its cause. */
function clearWhenOver(error: ClientError, alert: Element): void {
  const text = alert.textContent;
  const clear = () => {
    if (alert.textContent === text) {
      alert.textContent = "";
    }
  };
  if (error instanceof ConnectionError) {
    addEventListener("online", clear, { once: true });
  } else if (error instanceof ApiError && error.retryAfter) {
    setTimeout(clear, error.retryAfter * 1000);
  }
}
