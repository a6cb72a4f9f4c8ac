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

/**
 * @param {Uint8Array} bytes @param {number} places how many bytes have changed places with as many others
 * @param {boolean} byCode the most common gets the first character of those that are rare, and not the rarest
 */
function swapped(bytes, places, byCode) {
  const count = new Array(256).fill(0);
  for (const byte of bytes) count[byte] += 1;
  const every = [...count.keys()];
  const isPlain = (/** @type {number} */ byte) => byte >= 32 && byte < 127 && !ESCAPED.includes(String.fromCharCode(byte));
  const rare = every.filter(isPlain).sort((a, b) => count[a] - count[b] || a - b).slice(0, places);
  if (byCode) rare.sort((a, b) => a - b);
  const common = every.filter((byte) => !isPlain(byte)).sort((a, b) => count[b] - count[a] || a - b).slice(0, places);
  // An array of bytes takes a number's last eight bits, so 256 more is the same.
  const character = (/** @type {number} */ byte) => String.fromCharCode(isPlain(byte) ? byte : byte + 256);
  const pairs = [...rare, ...common].map(character).join("");
  const text = Array.from(bytes, (byte) => {
    const place = pairs.indexOf(character(byte));
    return place < 0 ? character(byte) : pairs[(place + places) % pairs.length];
  }).join("");
  return `const pairs = \`${pairs}\`;
export const bytes = () => Uint8Array.from(\`${text}\`, (c, i) => ((i = pairs.indexOf(c)) < 0 ? c : pairs[(i + ${places}) % ${pairs.length}]).charCodeAt(0));\n`;
}

/**
 * A module that exports `bytes`, a function that gives them. Which places are best is tried: it decides how a compressor parts
 * the text, and what it takes for a letter or a digit.
 * @param {Uint8Array} bytes
 * @param {string} [rest] what comes behind it in the file, and is compressed with it
 */
export function embed(bytes, rest = "") {
  const sources = [shifted(bytes)];
  for (let places = 18; places <= 30; places += 1) sources.push(swapped(bytes, places, false), swapped(bytes, places, true));
  const size = (/** @type {string} */ source) => brotliCompressSync(source + rest).length;
  return sources.map((source) => ({ source, bytes: size(source) })).sort((a, b) => a.bytes - b.bytes)[0].source;
}
