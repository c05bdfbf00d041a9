// Reads wrangler.toml as wrangler does, to report in a line what wrangler prints as a page.
import { unstable_readConfig as readConfig } from "wrangler";

/** Line and message of a configuration that is no TOML; undefined for any other, and where there is none. */
export function syntaxError(file) {
  try {
    readConfig({ config: file }, { hideWarnings: true });
  } catch ({ location, text }) {
    return location && `${file}: line ${location.line}: ${text.replace("Invalid TOML document: ", "")}`;
  }
}
