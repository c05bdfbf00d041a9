// Finds the files that have changed, by looking at all of them again. Unlike the events of a file system, this misses no
// save, however it is made (in place, by a rename, by a copy) and wherever the files are (network, container, WSL).
import { readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";

/** Files that editors leave beside the one that they save. */
const isTemporary = (name) => /^[.#]|~$|\.(bak|orig|tmp|sw.)$|^4913$/.test(name);

function stat(path) {
  return statSync(path, { throwIfNoEntry: false });
}

/** State of a file, which is another after each save; undefined if there is no file. */
function state(path) {
  const stats = stat(path);
  return stats?.isFile() ? [stats.mtimeMs, stats.ctimeMs, stats.size, stats.ino].join() : undefined;
}

function* files(path) {
  if (!stat(path)?.isDirectory()) {
    yield path;
    return;
  }
  for (const name of readdirSync(path)) {
    if (!isTemporary(name)) {
      yield* files(join(path, name));
    }
  }
}

/** States of these files, and of all files in these directories but those in `except`. */
export function snapshot(paths, except = []) {
  const states = new Map();
  for (const path of paths.flatMap((path) => [...files(path)])) {
    const found = except.includes(path) ? undefined : state(path);
    if (found !== undefined) {
      states.set(path, found);
    }
  }
  return states;
}

/** Names of the files that were added, changed or removed between two snapshots. */
export function changes(before, after) {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}

/**
 * Dates changed files of a snapshot to now. A copy or a rename may bring an older date with it, and cargo would take such
 * a file for one that it has built.
 */
export function touch(states, names) {
  for (const name of names.filter((name) => state(name) !== undefined)) {
    utimesSync(name, new Date(), new Date());
    states.set(name, state(name));
  }
}
