#!/usr/bin/env bash
# Sees to it that there is a Chromium for the tests in the browser: installs Debian's where it may. (playwright-core
# brings none.) Where it may not, tests/browser/browser.mjs says what to do.
. "$(dirname "$0")/prologue.sh"

[ -z "${CHROMIUM:-}" ] || exit 0
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then exit 0; fi
say "installing Debian's package chromium, for the tests in the browser"
{ apt-get update -qq && apt-get install -qq -y --no-remove --no-install-recommends chromium; } >&2 ||
  say "it can't be installed; the messages above say why"
