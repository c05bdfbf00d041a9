/** Formatting of times, in English like the page: the user's, if that is one of their languages. */

export const LOCALE = navigator.languages.find((language) => /^en\b/i.test(language)) ?? "en";

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

const relativeFormat = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
const absoluteFormat = new Intl.DateTimeFormat(LOCALE, { dateStyle: "long", timeStyle: "short" });
const dateFormat = new Intl.DateTimeFormat(LOCALE, { dateStyle: "long" });

/** "in 15 minutes", or "3 days ago" if negative. */
export function relative(seconds: number, round = Math.round): string {
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS[3];
  return relativeFormat.format(round(seconds / size), unit);
}

/** A time in Unix seconds, in the browser's time zone. */
export function absolute(time: number): HTMLTimeElement {
  const date = new Date(time * 1000);
  const element = document.createElement("time");
  element.dateTime = date.toISOString();
  element.textContent = absoluteFormat.format(date);
  return element;
}

/** "today", "yesterday", or a date, in the browser's time zone. */
export function day(date: Date): string {
  const start = (time: Date) => new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((start(new Date()) - start(date)) / 86_400_000); // some days have 23 or 25 hours
  return days > 1 ? dateFormat.format(date) : relativeFormat.format(-Math.max(days, 0), "day"); // the API's clock may be ahead
}
