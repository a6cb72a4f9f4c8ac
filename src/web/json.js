// @ts-check
// Values of the host's: parsed JSON, and objects of options that the program gave. Nothing here throws.

/** Parses a text; undefined where it is not JSON. @param {string} text */
export function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {string} text base64url @returns {Uint8Array<ArrayBuffer>} */
export const decoded = (text) =>
  // @ts-ignore: newer than the types; the other way takes ten times as long.
  Uint8Array.fromBase64?.(text, { alphabet: "base64url" }) ??
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Parses what is behind a base64url text; undefined where there is no JSON. @param {string} text */
export function parseBase64url(text) {
  try {
    return JSON.parse(decoder.decode(decoded(text)));
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
export const nameAt = (value, index) => (typeof value === "object" && value ? Object.keys(value)[index] : undefined);

/** Whether it is an object (an array is not). @param {any} value */
export const isObject = (value) => typeof value === "object" && !!value && !Array.isArray(value);

/** @param {any} value */
export const asText = (value) => (typeof value === "string" ? value : undefined);

/** @param {any} value */
export const asNumber = (value) => (typeof value === "number" ? value : NaN);

/** 0 for false, 1 for true, another number for anything else. @param {any} value */
export const asBool = (value) => [false, true].indexOf(value) >>> 0;
