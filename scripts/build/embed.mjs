// @ts-check
// Bytes as a string in JavaScript, opened without waiting.
//
// base64 hides a module's repetitions from the transport's compression: after brotli it costs 20 to 30 %.
// One character a byte keeps them. No character is a control, so that no tool takes the file for a binary one, and
// none has to be escaped. The smaller module's bytes are shifted; in the larger one most printable bytes stand for
// themselves, and some that are not printable but common have changed places with some that are printable but rare:
// 0.5 % instead of 3 %.
import { brotliCompressSync } from "node:zlib";

/** Not as they are between backquotes. */
const ESCAPED = "\\`$";

/** @param {Uint8Array} bytes */
function shifted(bytes) {
  const text = Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte + (byte > 94 ? 66 : 32));
    return ESCAPED.includes(character) ? `\\${character}` : character;
  }).join("");
  return `export const bytes = () => Uint8Array.from(\`${text}\`, (c) => (c = c.charCodeAt(0)) > 126 ? c - 66 : c - 32);\n`;
}

/** Pairs of bytes that change places: those that are printable but rare, each with one that is not printable but common. @typedef {{ rare: number[], common: number[] }} Pairs */

/** @param {number} byte */
const isPlain = (byte) => byte >= 32 && byte < 127 && !ESCAPED.includes(String.fromCharCode(byte));

/** An array of bytes takes a number's last eight bits, so 256 more is the same. @param {number} byte */
const characterOf = (byte) => String.fromCharCode(isPlain(byte) ? byte : byte + 256);

/**
 * @param {Uint8Array} bytes @param {number} places how many bytes have changed places with as many others
 * @returns {Pairs} the most common gets the first character of those that are rare
 */
function pairsOf(bytes, places) {
  const count = new Array(256).fill(0);
  for (const byte of bytes) count[byte] += 1;
  const every = [...count.keys()];
  const rare = every.filter(isPlain).sort((a, b) => count[a] - count[b] || a - b).slice(0, places);
  const common = every.filter((byte) => !isPlain(byte)).sort((a, b) => count[b] - count[a] || a - b).slice(0, places);
  return { rare: rare.sort((a, b) => a - b), common };
}

/** The bytes as text, with those places changed. @param {Uint8Array} bytes @param {Pairs} changed */
function swapped(bytes, { rare, common }) {
  const pairs = [...rare, ...common].map(characterOf).join("");
  const partner = new Map([...pairs].map((character, place) => [character, pairs[(place + rare.length) % pairs.length]]));
  return { pairs, text: Array.from(bytes, (byte) => partner.get(characterOf(byte)) ?? characterOf(byte)).join("") };
}

/** @param {Uint8Array} bytes @param {Pairs} changed */
function opening(bytes, changed) {
  const { pairs, text } = swapped(bytes, changed);
  return `const pairs = \`${pairs}\`;
export const bytes = () => Uint8Array.from(\`${text}\`, (c, i) => ((i = pairs.indexOf(c)) < 0 ? c : pairs[(i + ${changed.rare.length}) % ${pairs.length}]).charCodeAt(0));\n`;
}

const size = (/** @type {string} */ text) => brotliCompressSync(text).length;

/**
 * A module that exports `bytes`, a function that gives them. How many places are best is tried: it decides how a compressor
 * parts the text, and what it takes for a letter or a digit.
 * @param {Uint8Array} bytes
 * @param {string} [rest] what comes behind it in the file, and is compressed with it
 */
export function embed(bytes, rest = "") {
  const sources = [shifted(bytes)];
  for (const places of PLACES) sources.push(opening(bytes, pairsOf(bytes, places)));
  return sources.map((source) => ({ source, bytes: size(source + rest) })).sort((a, b) => a.bytes - b.bytes)[0].source;
}

/** How many exchanges are tried: each takes a sixth of a second for the largest file. */
const TRIES = 180;

const PLACES = Array.from({ length: 13 }, (_, index) => 18 + index);

/**
 * A file with such bytes in it, where how many places are best, and which changes with which, was tried with all of the file:
 * small differences decide by chance how a compressor parts a text, and of a hundred tries some are better.
 * @param {string} file
 * @param {Uint8Array} bytes
 */
export function tuned(file, bytes) {
  const all = PLACES.map((places) => pairsOf(bytes, places));
  const as = all.find((changed) => file.includes(swapped(bytes, changed).text));
  if (!as) return file;
  const { pairs, text } = swapped(bytes, as);
  const [before, between] = [file.indexOf(pairs), file.indexOf(text)];
  const numbers = (/** @type {Pairs} */ { rare }) => `+${rare.length})%${2 * rare.length}]`;
  const written = (/** @type {Pairs} */ one) => {
    const other = swapped(bytes, one);
    const behind = file.slice(between + text.length).replace(numbers(as), numbers(one));
    return file.slice(0, before) + other.pairs + file.slice(before + pairs.length, between) + other.text + behind;
  };
  const cost = (/** @type {Pairs} */ one) => size(written(one));
  const [{ changed }] = all.map((changed) => ({ changed, cost: cost(changed) })).sort((a, b) => a.cost - b.cost);
  return written(exchanged(changed, cost));
}

/** @param {Pairs} best @param {(pairs: Pairs) => number} cost */
function exchanged(best, cost) {
  let least = cost(best);
  // The same at every build: no number here is random.
  let seed = 7;
  const below = (/** @type {number} */ end) => (seed = (seed * 48_271) % 2_147_483_647) % end;
  for (let round = 0; round < TRIES; round += 1) {
    const tried = { rare: [...best.rare], common: [...best.common] };
    const list = below(2) ? tried.rare : tried.common;
    const [one, other] = [below(list.length), below(list.length)];
    [list[one], list[other]] = [list[other], list[one]];
    const now = cost(tried);
    if (now < least) [best, least] = [tried, now];
  }
  return best;
}
