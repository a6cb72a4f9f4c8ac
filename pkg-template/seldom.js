// @ts-check
// The second module, with what few programs need: its bytes are in this file, which the entries load when they first
// need it. What the two entries have of their own, it is given.
import { bytes } from "pixie:embedded/seldom";
import { imports } from "pixie:glue/seldom";

export { readMarked, writeMarked } from "./app-state-marks.js";
export { authorizedFetch } from "./authorized-fetch.js";

/**
 * Makes the second module on top of a main one, and gives its exports.
 * @param {WebAssembly.Exports} main
 * @param {Function[]} shared what main imports
 * @param {(...given: any) => any} wrap the glue's
 */
export async function open(main, shared, wrap) {
  const table = /** @type {WebAssembly.Table} */ (main[0]);
  const functions = Array.from({ length: table.length }, (_, place) => table.get(place));
  const given = /** @type {any} */ ({ a: main, b: shared, c: imports(wrap), d: functions });
  const { instance } = await WebAssembly.instantiate(bytes(), given);
  return instance.exports;
}
