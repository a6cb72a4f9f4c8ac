// @ts-check
// Where things lie in a clone. Every script derives its paths from here, so a script works from any folder.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const logs = join(root, "target", "logs");
/** What one run of the tests leaves behind for whoever wants to read it after. */
export const testResults = join(root, "target", "test-results");

/** The path as a reader who stands in the clone would write it. */
export function shown(/** @type {string} */ path) {
  return path.startsWith(root) ? path.slice(root.length) : path;
}
