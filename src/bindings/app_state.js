// @ts-check
// `appState` is any structured-clonable value, and a storage takes strings: JSON, with marks for what JSON lacks.

/** @typedef {(value: any) => unknown} Read */

/** @type {[string, (value: any) => boolean, (value: any) => unknown, Read][]} */
const KINDS = [
  ["u", (value) => value === undefined, () => 0, () => undefined],
  ["n", (value) => typeof value === "number" && !(Math.abs(value) < Infinity && !Object.is(value, -0)), (value) => Object.is(value, -0) ? "-0" : `${value}`, Number],
  ["i", (value) => typeof value === "bigint", String, BigInt],
  ["d", (value) => value instanceof Date, Number, (value) => new Date(value ?? NaN)],
  ["r", (value) => value instanceof RegExp, (value) => [value.source, value.flags], ([source, flags]) => new RegExp(source, flags)],
  ["m", (value) => value instanceof Map, (value) => [...value], (value) => new Map(value)],
  ["s", (value) => value instanceof Set, (value) => [...value], (value) => new Set(value)],
  ["b", (value) => value instanceof ArrayBuffer, (value) => [...new Uint8Array(value)], (value) => Uint8Array.from(value).buffer],
  ["v", ArrayBuffer.isView, (value) => [value.constructor.name, value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)], ([name, buffer]) => new (/** @type {any} */ (globalThis)[name])(buffer)],
];

/** @param {any} value @returns {unknown} */
function mark(value) {
  for (const [name, is, write] of KINDS) if (is(value)) return { $: name, v: mark(write(value)) };
  if (Array.isArray(value)) return Array.from(value, mark);
  if (value === null || typeof value !== "object") return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError();
  const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mark(member)]));
  return "$" in value ? { $: "o", v: members } : members;
}

/** @param {any} value @returns {any} */
function unmark(value) {
  if (Array.isArray(value)) return value.map(unmark);
  if (value === null || typeof value !== "object") return value;
  const plain = (/** @type {object} */ members) =>
    Object.fromEntries(Object.entries(members).map(([name, member]) => [name, unmark(member)]));
  if (!("$" in value)) return plain(value);
  const kind = KINDS.find(([name]) => name === value.$);
  return kind ? kind[3](unmark(value.v)) : plain(value.v);
}

/** @param {unknown} value */
export function writeAppState(value) {
  // Refuses functions, symbols and whatever else cannot be cloned, as a worker's postMessage would.
  return JSON.stringify(mark(structuredClone(value)));
}

/** @param {string} text */
export function readAppState(text) {
  return unmark(JSON.parse(text));
}
