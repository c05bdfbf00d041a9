/** Display of the token and its claims. */

import { type Claims, decodeToken } from "latchkey-client";
import { absolute, relative } from "./time.js";
import { find } from "./view.js";

const NAMES: Record<string, string> = { id: "User", iat: "Issued", exp: "Expires", ver: "Version", sid: "Session" };
const TIMES = ["iat", "exp"];

let timer: number | undefined;

/** Copies the token that is shown, or selects it where the browser denies that. */
export async function copyToken(): Promise<void> {
  const token = find("raw-token");
  const status = find("copied");
  try {
    await navigator.clipboard.writeText(token.textContent!);
    status.textContent = "Copied.";
  } catch {
    getSelection()!.selectAllChildren(token);
    status.textContent = "It is selected: copy it with Ctrl+C or ⌘C.";
  }
}

/** Shows a token in the account's view, and keeps its age current until another is shown, or the view is left. */
export function showToken(token: string): void {
  const claims = decodeToken(token);
  if (claims === undefined) {
    return; // can't happen: the API issued it
  }
  find("claims").replaceChildren(...Object.entries(claims).map(([name, value]) => claim(name, value)));
  find("raw-token").textContent = token;
  find("copied").textContent = "";
  const age = find("token-age");
  clearInterval(timer);
  timer = setInterval(() => (age.isConnected ? (age.textContent = ageOf(claims)) : clearInterval(timer)), 1000);
  age.textContent = ageOf(claims);
}

function claim(name: string, value: unknown): HTMLElement {
  const term = document.createElement("dt");
  term.textContent = NAMES[name] ?? name;
  const description = document.createElement("dd");
  description.append(TIMES.includes(name) ? absolute(Number(value)) : String(value));
  const group = document.createElement("div");
  group.append(term, description);
  return group;
}

function ageOf({ iat, exp }: Claims): string {
  const now = Date.now() / 1000;
  const expires = `xpires ${relative(exp - now)}.`;
  // This clock may be behind the API's.
  return iat === undefined ? `E${expires}` : `Issued ${relative(Math.min(iat - now, 0))}, e${expires}`;
}
