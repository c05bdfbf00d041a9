/** Formatting of times, in English like the page, whatever the browser's language. */

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

const relativeFormat = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const absoluteFormat = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" });

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
