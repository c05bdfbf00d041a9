/** The user's picture. */

import { find } from "./view.js";

/** Tells whether a value is an address of the web. */
export function isWebAddress(value: string): boolean {
  try {
    return /^https?:\/\//i.test(value) && new URL(value).hostname !== "";
  } catch {
    return false;
  }
}

/** Shows a picture, or the first character of the name, if there is none or it can't be loaded. */
export function showPicture(address: string | null, username: string): void {
  find("initial").textContent = [...username][0]!;
  const picture = find<HTMLImageElement>("picture");
  picture.hidden = true;
  picture.onload = () => (picture.hidden = false);
  if (address !== null && isWebAddress(address)) {
    picture.src = address.replace(/^http:/i, "https:"); // `_headers` allows no other, and browsers do the same
  } else {
    picture.removeAttribute("src");
  }
}
