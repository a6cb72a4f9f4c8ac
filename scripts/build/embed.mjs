// @ts-check
// Bytes as a string in JavaScript, opened without waiting.
//
// base64 hides a module's repetitions from the transport's compression: after brotli it costs 20 to 30 %.
// One character a byte keeps them: 3 to 9 %. No character is a control, so that no tool takes the file for a
// binary one. The larger module brings an alphabet in which its commonest bytes are ASCII; in the smaller one
// an alphabet would cost more than it saves.
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

/** @param {Uint8Array} bytes */
function spelled(bytes) {
  const count = new Array(256).fill(0);
  for (const byte of bytes) count[byte] += 1;
  const order = [...count.keys()].sort((a, b) => count[b] - count[a] || a - b);
  const characters = [];
  for (let code = 32; code < 127; code += 1) if (!ESCAPED.includes(String.fromCharCode(code))) characters.push(code);
  for (let code = 256; characters.length < 256; code += 1) characters.push(code);
  const alphabet = new Array(256);
  order.forEach((byte, rank) => (alphabet[byte] = String.fromCharCode(characters[rank])));
  const text = Array.from(bytes, (byte) => alphabet[byte]).join("");
  return `const alphabet = \`${alphabet.join("")}\`;
export const bytes = () => Uint8Array.from(\`${text}\`, (c) => alphabet.indexOf(c));\n`;
}

/**
 * A module that exports `bytes`, a function that gives them.
 * @param {Uint8Array} bytes
 */
export function embed(bytes) {
  const size = (/** @type {string} */ source) => brotliCompressSync(source).length;
  return [shifted(bytes), spelled(bytes)].sort((a, b) => size(a) - size(b))[0];
}
