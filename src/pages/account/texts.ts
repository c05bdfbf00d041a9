/** Texts for values of the API, in English like the page. */

import type { Session } from "latchkey-client";
import { day, LOCALE } from "./time.js";

const countries = new Intl.DisplayNames(LOCALE, { type: "region" });

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "Berlin, Germany" for "Berlin, DE"; nothing for none. */
export function placeName(place: string | null): string {
  return (place ?? "").replace(/\b[A-Z]{2}$/, (code) => countries.of(code) ?? code);
}

/** Name of a session's device, and where and when it was used. */
export function textsOf({ agent, place, seen, current }: Session): { name: string; details: string } {
  const when = current ? "" : `last seen ${day(new Date(seen))}`;
  return { name: agent ?? "Unknown device", details: [placeName(place), when].filter(Boolean).join(", ") };
}
