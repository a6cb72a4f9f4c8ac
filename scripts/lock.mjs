// @ts-check
// One process at a time, across processes: a folder that only one of them can make.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** @typedef {{ pid: number, host: string }} Owner */

/**
 * Runs `work` while this process alone holds the lock at `path`.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {object} [options]
 * @param {(owner: Owner | null) => void} [options.onWait] Told once, when somebody else holds it.
 * @param {number} [options.poll] Milliseconds between two looks.
 * @returns {Promise<T>}
 */
export async function withLock(path, work, { onWait = () => {}, poll = 500 } = {}) {
  mkdirSync(dirname(path), { recursive: true });
  for (let told = false; !take(path);) {
    const owner = ownerOf(path);
    if (owner && isGone(owner)) {
      discard(path, owner);
      continue;
    }
    if (!told) onWait(owner);
    told = true;
    await delay(poll);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

function take(/** @type {string} */ path) {
  try {
    mkdirSync(path);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  }
  writeFileSync(join(path, "owner"), JSON.stringify({ pid: process.pid, host: hostname() }));
  return true;
}

/** Null in the instant between the making of the folder and the writing of the name. @returns {Owner | null} */
function ownerOf(/** @type {string} */ path) {
  try {
    return JSON.parse(readFileSync(join(path, "owner"), "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || /** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return null;
    throw error;
  }
}

/** Whether the owner died without giving the lock back; another machine's processes cannot be asked. */
export function isGone(/** @type {Owner} */ owner) {
  if (owner.host !== hostname()) return false;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH";
  }
}

/** Takes a dead owner's lock away; by renaming, so that of several who try one alone succeeds. */
function discard(/** @type {string} */ path, /** @type {Owner} */ dead) {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return;
    throw error;
  }
  // Between the look and the renaming another process may have cleared the dead lock and taken its own: that one
  // is given back at once.
  if (ownerOf(aside)?.pid === dead.pid) rmSync(aside, { recursive: true, force: true });
  else renameSync(aside, path);
}
