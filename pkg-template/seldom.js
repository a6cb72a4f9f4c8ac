// @ts-check
// The second module, with what few programs need: its bytes are in this file, which the entries load when they first
// need it. What the two entries have of their own, it is given.
import { bytes } from "pixie:embedded/seldom";
import { imports } from "pixie:glue/seldom";

export { authorizedFetch } from "./authorized-fetch.js";

/**
 * Makes the second module on top of a main one, and gives its exports.
 * @param {WebAssembly.Exports} main
 * @param {WebAssembly.ModuleImports} shared what main imports
 * @param {(...given: any) => any} wrap the glue's
 */
export async function open(main, shared, wrap) {
  const { instance } = await WebAssembly.instantiate(bytes(), { a: main, b: shared, c: imports(wrap) });
  return instance.exports;
}
