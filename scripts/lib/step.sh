# Runs a step of a build only if it has to: step NAME OUTPUT INPUT... -- COMMAND...
# The command runs if an input (a file, or a directory with all in it), a script or a node package changed since it last
# succeeded, or if the output is missing. Contents are compared, since times mislead after a checkout.
# shellcheck shell=bash
step() {
  local stamp=build/.steps/$1 output=$2 inputs=(scripts package-lock.json) state
  shift 2
  while [ "$1" != -- ]; do inputs+=("$1"); shift; done
  shift
  # Taken before the step: what is saved while it runs is built next time.
  state=$(find "${inputs[@]}" -type f -exec cksum {} + | sort)
  if [ -e "$output" ] && [ "$state" = "$(cat "$stamp" 2>/dev/null)" ]; then return; fi
  mkdir -p build/.steps
  rm -f "$stamp"
  "$@"
  echo "$state" > "$stamp"
}
