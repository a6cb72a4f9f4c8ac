// @ts-check
// The order of a module's functions. A compressor finds what is alike where it is near, and says a near place in fewer bits:
// so behind each function comes the one that has most in common with those just before. wasm-opt orders by names, so each
// function gets one that says its place.
import { Reader, sectionsOf } from "../size/module.mjs";

const CODE = 10;

/** @param {number} number */
const digits = (number) => String(number).padStart(8, "0");

/** @param {number} value @returns {number[]} unsigned LEB128 */
export const leb128 = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...leb128(value >>> 7)]);

/** @param {number[]} bytes */
export const withLength = (bytes) => [...leb128(bytes.length), ...bytes];

/** How many bytes are a run: two instructions, or one and its argument. */
const RUN = 3;
/** How many functions back are looked at; each counts less than the one behind it. */
const BACK = 4;

/** The runs of bytes in a function. @param {Uint8Array} body */
function runsOf(body) {
  const runs = new Set();
  for (let at = 0; at + RUN <= body.length; at += 1) runs.add(body.subarray(at, at + RUN).reduce((run, byte) => run * 256 + byte, 0));
  return runs;
}

/**
 * How much of each function's code is in each other one: rows are those that are there, columns those that come. What few
 * have in common says more.
 * @param {Uint8Array[]} bodies
 */
function likeness(bodies) {
  const runs = bodies.map(runsOf);
  /** @type {Map<number, number[]>} */
  const having = new Map();
  for (const [index, own] of runs.entries()) {
    for (const run of own) {
      const list = having.get(run);
      if (list) list.push(index);
      else having.set(run, [index]);
    }
  }
  const alike = bodies.map(() => new Float64Array(bodies.length));
  for (const list of having.values()) {
    const weight = Math.log(bodies.length / list.length);
    for (const one of list) for (const other of list) alike[one][other] += weight;
  }
  // Per run, as otherwise the largest would always be next; a few more, as otherwise the smallest would.
  for (const row of alike) for (const [index, own] of runs.entries()) row[index] /= own.size + 5;
  return alike;
}

/** The functions' numbers in the order of their places. @param {Uint8Array[]} bodies */
export function inOrder(bodies) {
  const alike = likeness(bodies);
  const left = new Set(bodies.keys());
  /** @type {number[]} */
  const order = [];
  /** @param {number} index */
  const likenessOf = (index) => order.slice(-BACK).reverse().reduce((sum, before, back) => sum + alike[before][index] / (back + 1), 0);
  // It begins with the smallest.
  let next = [...left].sort((a, b) => bodies[a].length - bodies[b].length || a - b)[0];
  while (left.delete(next)) {
    order.push(next);
    let most = -1;
    for (const index of left) {
      const one = likenessOf(index);
      if (one > most) [most, next] = [one, index];
    }
  }
  return order;
}

/** A name for each of the module's own functions, in their order. @param {Uint8Array} bytes */
function places(bytes) {
  /** @type {Uint8Array[]} */
  const bodies = [];
  for (const { id, content } of sectionsOf(bytes)) {
    if (id !== CODE) continue;
    const reader = new Reader(content);
    for (let count = reader.number(); count > 0; count -= 1) {
      const size = reader.number();
      bodies.push(content.subarray(reader.at, reader.at + size));
      reader.at += size;
    }
  }
  /** @type {string[]} */
  const names = [];
  for (const [place, index] of inOrder(bodies).entries()) names[index] = digits(place);
  return names;
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
