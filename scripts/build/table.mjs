// @ts-check
// Exported functions as a table. A name and a number for each of a hundred functions are a third of a kilobyte after
// compression; in a table each has its place, and what is left of it is the lower half of its number.
import { Reader, sectionsOf } from "../size/module.mjs";
import { leb128, withLength } from "./order.mjs";

const TABLES = 4;
const EXPORTS = 7;
const ELEMENTS = 9;
/** The last that may be before ELEMENTS. */
const START = 8;

const FUNCTION = 0;
const TABLE = 1;

/** @param {string} name @param {number} kind @param {number} index */
const exported = (name, kind, index) => [...withLength([...Buffer.from(name)]), kind, ...leb128(index)];

/** @param {Uint8Array} content @returns {{ name: string, kind: number, index: number }[]} */
function exportsIn(content) {
  const reader = new Reader(content);
  return Array.from({ length: reader.number() }, () => ({ name: reader.text(), kind: reader.byte(), index: reader.number() }));
}

/**
 * The module with the functions that are not to be kept as exports in a table, which it exports; and their names, by
 * their places in it.
 * @param {Uint8Array} bytes a module without a table
 * @param {string} table its name
 * @param {(name: string) => boolean} isKept
 */
export function tabled(bytes, table, isKept) {
  const all = [...sectionsOf(bytes)];
  if (all.some(({ id }) => id === TABLES || id === ELEMENTS)) throw new Error("the module has a table already");
  const exports = exportsIn(all.find(({ id }) => id === EXPORTS)?.content ?? new Uint8Array([0]));
  const moved = exports.filter(({ name, kind }) => kind === FUNCTION && !isKept(name)).sort((a, b) => a.index - b.index);
  const kept = exports.filter((one) => !moved.includes(one));
  if (kept.some(({ name }) => name === table)) throw new Error(`the module exports something else as ${table}`);

  /** @type {[number, number[]][]} */
  const sections = all.map(({ id, content }) => [id, [...content]]);
  const put = (/** @type {number} */ id, /** @type {number[]} */ content, /** @type {number} */ after) => {
    const at = sections.findLastIndex(([one]) => one > 0 && one <= after);
    sections.splice(at + 1, 0, [id, content]);
  };
  // One table of functions, as long as it has to be at least.
  put(TABLES, [1, 0x70, 0, ...leb128(moved.length)], TABLES - 1);
  for (const section of sections) {
    if (section[0] !== EXPORTS) continue;
    section[1] = [...leb128(kept.length + 1), ...kept.flatMap(({ name, kind, index }) => exported(name, kind, index)), ...exported(table, TABLE, 0)];
  }
  // One segment, which fills it from its beginning (`i32.const 0`).
  put(ELEMENTS, [1, 0, 0x41, 0, 0x0b, ...leb128(moved.length), ...moved.flatMap(({ index }) => leb128(index))], START);
  return {
    bytes: Buffer.from([...bytes.subarray(0, 8), ...sections.flatMap(([id, content]) => [id, ...withLength(content)])]),
    names: moved.map(({ name }) => name),
  };
}
