// @ts-check
// Finds test files. `node --test` understands patterns only from Node 21 on, and Node 20 is to do.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Folders that hold what others wrote, or what a build made. */
const FOREIGN = new Set(["node_modules", "target", "pkg", "dist", ".git"]);

/**
 * The files below `folder` whose name ends in `ending`, sorted; none where the folder is not there.
 * @param {string} folder
 * @param {string} ending
 * @returns {string[]}
 */
export function filesBelow(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return FOREIGN.has(entry.name) ? [] : filesBelow(path, ending);
      return entry.isFile() && entry.name.endsWith(ending) ? [path] : [];
    })
    .sort();
}
