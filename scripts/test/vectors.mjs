// @ts-check
// The vectors of other projects, which lie beside the repository and are read in place: tests/web/vectors.rs fetches
// them from the page, and says what came of them.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";

const vectors = join(root, "..", "shared", "vectors");

/**
 * @typedef {object} Desk
 * @property {string[]} reports What the tests said.
 * @property {(incoming: import("node:http").IncomingMessage, outgoing: import("node:http").ServerResponse) => boolean} answer
 *   Answers what is asked of it; false for everything else.
 */

/** Why the tests that need the vectors cannot run, or null. */
export const vectorsObstacle = (folder = vectors) =>
  existsSync(folder) ? null : "the vectors of other projects (../shared/vectors) are not beside this repository";

/** The tests that need them, as the runner names them. */
export function vectorTests() {
  const source = readFileSync(join(root, "tests", "web", "vectors.rs"), "utf8");
  return [...source.matchAll(/#\[wasm_bindgen_test\]\s+async fn (\w+)/g)].map(([, name]) => `vectors::${name}`);
}

/** @returns {Desk} */
export function openDesk(folder = vectors) {
  /** @type {string[]} */
  const reports = [];
  const answer = (/** @type {import("node:http").IncomingMessage} */ incoming, /** @type {import("node:http").ServerResponse} */ outgoing) => {
    const name = new URL(incoming.url ?? "", "http://localhost").pathname.match(/^\/vectors\/(?<name>[\w./-]*)$/)?.groups?.name;
    if (name === undefined) return false;
    if (incoming.method === "POST") {
      const chunks = /** @type {Buffer[]} */ ([]);
      incoming.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
        reports.push(Buffer.concat(chunks).toString("utf8"));
        outgoing.writeHead(204).end();
      });
      return true;
    }
    const path = join(folder, name);
    if (existsSync(path) && name.endsWith(".json")) outgoing.writeHead(200, { "content-type": "application/json" }).end(readFileSync(path));
    else outgoing.writeHead(404).end();
    return true;
  };
  return { reports, answer };
}
