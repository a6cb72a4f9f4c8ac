// @ts-check
// `appState` that JSON alone does not keep: with marks for what it lacks.

/** A mark, whether a value needs it, what is written for it, and how that is read. @type {[string, (value: any) => boolean, (value: any) => unknown, (value: any) => unknown][]} */
const KINDS = [
  ["u", (value) => value === undefined, () => 0, () => undefined],
  ["n", (value) => Object.is(value, -0) || (typeof value === "number" && !Number.isFinite(value)), (value) => (Object.is(value, -0) ? "-0" : `${value}`), Number],
  ["i", (value) => typeof value === "bigint", String, BigInt],
  ["d", (value) => value instanceof Date, Number, (value) => new Date(value)],
  ["m", (value) => value instanceof Map, (value) => [...value], (value) => new Map(value)],
  ["s", (value) => value instanceof Set, (value) => [...value], (value) => new Set(value)],
  ["r", (value) => value instanceof RegExp, (value) => [value.source, value.flags], ([source, flags]) => new RegExp(source, flags)],
  ["v", ArrayBuffer.isView, (value) => [value.constructor.name, value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)], ([name, buffer]) => new (/** @type {any} */ (globalThis)[name])(buffer)],
  ["b", (value) => value instanceof ArrayBuffer, (value) => [...new Uint8Array(value)], (value) => Uint8Array.from(value).buffer],
  // Ordinary objects that look like a mark.
  ["o", (value) => value !== null && typeof value === "object" && "$" in value, Object.entries, Object.fromEntries],
];

/** @param {any} value @param {(value: any) => unknown} each */
const map = (value, each) =>
  Array.isArray(value) ? Array.from(value, each) : Object.fromEntries(Object.entries(value).map(([name, member]) => [name, each(member)]));

/** @param {any} value @returns {unknown} */
function mark(value) {
  for (const [$, is, write] of KINDS) if (is(value)) return { $, v: mark(write(value)) };
  if (value === null || typeof value !== "object") return value;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError("not to be kept in a storage");
  return map(value, mark);
}

/** @param {any} value @returns {any} */
function unmark(value) {
  if (value === null || typeof value !== "object") return value;
  const kind = KINDS.find(([name]) => name === value.$);
  return kind ? kind[3](unmark(value.v)) : map(value, unmark);
}

/** `false` where it cannot be kept in a storage. @param {unknown} value */
export function writeMarked(value) {
  try {
    // Refuses functions, symbols and whatever else cannot be cloned, as a worker's postMessage would.
    return JSON.stringify(mark(structuredClone(value)));
  } catch {
    return false;
  }
}

/** @param {string} text */
export function readMarked(text) {
  return unmark(JSON.parse(text));
}
