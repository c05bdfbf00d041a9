/** Rules of new passwords, which the API's OpenAPI document has as they are configured. */

import { find } from "./view.js";

interface Rules {
  minLength: number;
  "x-blocklist"?: string;
}

/** Default rules: shown until the document is here, and where it can't be read. */
let rules: Rules = { minLength: 8 };
let isRead = false;

/** Shows the rules as the hint of a field, before anything is sent, and how much is missing while one types. */
export async function showPasswordRules(field: HTMLInputElement): Promise<void> {
  const hint = find(`${field.id}-hint`);
  const show = () => (hint.textContent = textOf(field.value));
  field.addEventListener("input", show);
  field.form!.addEventListener("reset", () => setTimeout(show));
  if (!isRead) {
    await read();
  }
  show();
}

async function read(): Promise<void> {
  try {
    const response = await fetch("/api/openapi.json");
    rules = (await response.json()).components.schemas.NewUser.properties.password;
    isRead = true;
  } catch {
    // What the server refuses it tells, too.
  }
}

function textOf(typed: string): string {
  const { minLength, "x-blocklist": blocklist } = rules;
  const length = [...typed.trim().normalize()].length; // as the API counts
  const missing = length > 0 && length < minLength ? `, ${minLength - length} more to go` : "";
  const words = "your username, the first part of your email, or the name of this site";
  const refused = blocklist === "refuse" ? ` Not one that many people use, nor one with ${words} in it.` : "";
  return `At least ${minLength} characters${missing}.${refused}`;
}
