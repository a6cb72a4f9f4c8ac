// @ts-check
// Values of the host's: parsed JSON, and objects of options that the program gave. Nothing here throws.

/** Whether it is an object (an array is not). @param {any} value */
export const isObject = (value) => typeof value === "object" && !!value && !Array.isArray(value);

/** Parses a text; undefined where it is not a JSON object. @param {string} text */
export function parse(text) {
  try {
    const value = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} text base64url @returns {Uint8Array<ArrayBuffer>} */
export const decoded = (text) =>
  // @ts-ignore: newer than the types; the other way takes ten times as long.
  Uint8Array.fromBase64?.(text, { alphabet: "base64url" }) ??
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));

const encoder = new TextEncoder();
let room = new Uint8Array(8192);

/** A text's bytes, until the next is asked for: a new place for each would take longer than the text. @param {string} text */
export function encoded(text) {
  if (text.length * 3 > room.length) room = new Uint8Array(text.length * 3);
  return room.subarray(0, encoder.encodeInto(text, room).written);
}

/** @type {Uint8Array} */
let measured;

/** How many bytes a text has; -1 where it is none. @param {any} value */
function measure(value) {
  if (typeof value !== "string") return -1;
  measured = encoded(value);
  return measured.length;
}

/** Writes the text that was measured last. @param {Uint8Array} into */
export const take = (into) => into.set(measured);

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Parses what is behind a base64url text; undefined where there is no JSON object. @param {string} text */
export function parseBase64url(text) {
  try {
    return parse(decoder.decode(decoded(text)));
  } catch {
    return undefined;
  }
}

/** An HTTP-date as milliseconds since the Unix epoch; NaN where it is none. @param {string} text */
export const parseHttpDate = (text) => (/^[A-Z]/.test(text) ? Date.parse(text) : NaN);

/** A member of anything; undefined where there is none, where it is null, or where reading it throws. @param {any} value @param {string} name */
export function member(value, name) {
  try {
    return value?.[name] ?? undefined;
  } catch {
    return undefined;
  }
}

/** The names of the members of an object or an array, by their number; undefined behind the last. @param {any} value @param {number} index */
export const nameAt = (value, index) => measure(typeof value === "object" && value ? Object.keys(value)[index] : undefined);

/** @param {any} value @param {string} name */
export const has = (value, name) => member(value, name) !== undefined;

/** @param {any} value @param {string} name */
export const text = (value, name) => measure(member(value, name));

/** @param {any} value @param {string} name */
export const number = (value, name) => asNumber(member(value, name));

/** Whether a member is this. @param {any} value @param {string} name @param {string | boolean} wanted */
export const is = (value, name, wanted) => member(value, name) === wanted;

/** How many elements there are in a member that is an array with this text among them; 0 where it is none. @param {any} value @param {string} name @param {string} text */
export function lists(value, name, text) {
  const list = member(value, name);
  return Array.isArray(list) && list.includes(text) ? list.length : 0;
}

export { measure as asText };

/** @param {any} value */
export const asNumber = (value) => (typeof value === "number" ? value : NaN);
