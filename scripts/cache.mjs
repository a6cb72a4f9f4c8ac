// @ts-check
// Folders that take minutes to make, made once for every clone of this user's.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.mjs";
import { cacheFolder } from "./programs.mjs";

/**
 * The folder of that name, made by whoever comes first; whoever comes meanwhile waits for it.
 * @param {string} name
 * @param {(folder: string) => Promise<void>} make fills it; it is empty
 * @param {() => void} [onWait] told where another process is at it
 */
export async function cached(name, make, onWait) {
  const folder = join(cacheFolder(), name);
  // Written last: without it, whatever lies there was left half made.
  const complete = join(folder, "complete");
  if (existsSync(complete)) return folder;
  await withLock(`${folder}.lock`, async () => {
    // Whoever held the lock before us may have made it.
    if (existsSync(complete)) return;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await make(folder);
    writeFileSync(complete, "");
  }, { onWait });
  return folder;
}
