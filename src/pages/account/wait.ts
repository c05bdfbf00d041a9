/** Waiting that is shown, without a word to screen readers until one asks: no region is live. */

import { relative } from "./time.js";
import { find } from "./view.js";

const MINUTE = 60_000;
/** What the API gives a code. */
const CODE_LIFETIME = 10 * MINUTE;

/** Keeps the text of an element current until the time is over, the view is left, or another end takes its place. */
function countDown(element: HTMLElement, end: number, textOf: (seconds: number) => string): void {
  element.dataset.end = String(end);
  const timer = setInterval(tick, 1000);
  tick();

  function tick(): void {
    const seconds = Math.max(end - Date.now(), 0) / 1000;
    const isCurrent = element.isConnected && element.dataset.end === String(end);
    if (isCurrent) {
      element.textContent = textOf(seconds);
    }
    if (!isCurrent || seconds === 0) {
      clearInterval(timer);
    }
  }
}

/** Has a button wait until a time. The hint that describes it counts down. */
export function startWait(button: HTMLButtonElement, end: number): void {
  button.dataset.wait = "";
  button.ariaDisabled = "true"; // `disabled` would lose the focus
  countDown(find(button.getAttribute("aria-describedby")!), end, (seconds) => {
    if (seconds > 0) {
      return `You can send another ${relative(seconds, Math.ceil)}.`;
    }
    delete button.dataset.wait;
    button.ariaDisabled = "false";
    return "";
  });
}

/** Has a button wait until the API sends another mail to the address: a minute after it was asked for this one. */
export function waitForNextMail(button: HTMLButtonElement, asked: number): void {
  startWait(button, asked + MINUTE);
}

export function isWaiting({ dataset }: HTMLButtonElement): boolean {
  return dataset.wait !== undefined;
}

/** Says when a code ends. Not by this clock alone, which may be off. */
export function showCodeEnd(hint: HTMLElement, expires: string): void {
  const left = Date.parse(expires) - Date.now();
  const lifetime = left > 0 ? Math.min(left, CODE_LIFETIME) : CODE_LIFETIME;
  countDown(hint, Date.now() + lifetime, (seconds) =>
    seconds > 0
      ? `The code expires ${relative(seconds, Math.ceil)}.`
      : "The code has expired. The link may be good for longer, or send another mail.",
  );
}
