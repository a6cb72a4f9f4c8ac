// @ts-check
// The order of a module's functions. A compressor finds what is alike where it is near: functions of one type, with as
// many locals, of about one size. wasm-opt orders by names, so each function gets one that says its place.
import { Reader, sectionsOf } from "../size/module.mjs";

const FUNCTIONS = 3;
const CODE = 10;

/** @param {number} number */
const digits = (number) => String(number).padStart(8, "0");

/** @param {number} value @returns {number[]} unsigned LEB128 */
export const leb128 = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...leb128(value >>> 7)]);

/** @param {number[]} bytes */
export const withLength = (bytes) => [...leb128(bytes.length), ...bytes];

/**
 * A name for each of the module's own functions, in their order. @param {Uint8Array} bytes
 */
function places(bytes) {
  /** @type {number[]} */
  const types = [];
  /** @type {string[]} */
  const found = [];
  for (const { id, content } of sectionsOf(bytes)) {
    const reader = new Reader(content);
    if (id === FUNCTIONS) for (let count = reader.number(); count > 0; count -= 1) types.push(reader.number());
    if (id !== CODE) continue;
    for (let count = reader.number(); count > 0; count -= 1) {
      const size = reader.number();
      const next = reader.at + size;
      let locals = 0;
      for (let groups = reader.number(); groups > 0; groups -= 1) {
        locals += reader.number();
        reader.byte();
      }
      reader.at = next;
      found.push([types[found.length], locals, size].map(digits).join(" "));
    }
  }
  // Two of a kind stay as they were.
  return found.map((place, index) => `${place} ${digits(index)}`);
}

/**
 * The module with names by which `--reorder-functions-by-name` gives the order.
 * @param {Uint8Array} bytes a module without names
 */
export async function namedByPlace(bytes) {
  const module = await WebAssembly.compile(/** @type {BufferSource} */ (bytes));
  const imported = WebAssembly.Module.imports(module).filter(({ kind }) => kind === "function").length;
  const order = places(bytes);
  const names = order.flatMap((name, index) => [...leb128(imported + index), ...withLength([...Buffer.from(name)])]);
  const functions = withLength([...leb128(order.length), ...names]);
  return Buffer.from([...bytes, 0, ...withLength([...withLength([...Buffer.from("name")]), 1, ...functions])]);
}
