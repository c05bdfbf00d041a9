// Times in words.

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** The largest unit of which there are two or more, and how many seconds it has. */
function unitOf(seconds: number): [Intl.RelativeTimeFormatUnit, number] {
  return UNITS.find(([, length]) => Math.abs(seconds) >= 2 * length) ?? ["second", 1];
}

/** "15 minutes" */
export function duration(seconds: number): string {
  const [unit, length] = unitOf(seconds);
  const number = Math.ceil(seconds / length);
  return new Intl.NumberFormat("en", { style: "unit", unit, unitDisplay: "long" }).format(number);
}

/** "15 minutes ago", or "in 60 days" */
export function relative(seconds: number): string {
  const [unit, length] = unitOf(seconds);
  const number = Math.round(seconds / length);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(number, unit);
}
