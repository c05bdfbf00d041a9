// The token in words: when it was issued, when it expires, and whose it is.

import { decodeToken } from "latchkey-client";
import { byId, setText } from "./dom.js";
import { relative } from "./time.js";

/** How often the ages are told anew, in milliseconds. */
const PERIOD = 10_000;

let shown: string | null = null;

export function showToken(token: string | null): void {
  shown = token;
  tell();
}

function tell(): void {
  const claims = decodeToken(shown ?? "");
  setText("token", shown ?? "");
  setText("token-id", String(claims?.id ?? "unknown"));
  setText("token-sid", claims?.sid ?? "none");
  tellTime("token-iat", claims?.iat);
  tellTime("token-exp", claims?.exp);
}

function tellTime(id: string, seconds: number | undefined): void {
  const element = byId<HTMLTimeElement>(id);
  if (seconds === undefined) {
    element.textContent = "unknown";
    element.removeAttribute("datetime");
    return;
  }
  const date = new Date(seconds * 1_000);
  const text = `${relative(seconds - Date.now() / 1_000)}, ${date.toLocaleString("en", { dateStyle: "medium", timeStyle: "short" })}`;
  element.dateTime = date.toISOString();
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

setInterval(tell, PERIOD);
