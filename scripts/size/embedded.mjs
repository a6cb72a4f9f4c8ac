// @ts-check
// An entry that carries its module as a string: the script without it.

/** An alphabet has 256 characters; no text of the package's own comes near that. */
const SHORTEST = 200;

/**
 * The script with the embedded bytes taken out, and with them the alphabet that they are spelled in.
 * @param {string} script
 * @param {number} moduleLength
 */
export function withoutEmbedded(script, moduleLength) {
  let longest = 0;
  // The bundler chooses the quotes that the text has least of.
  const rest = script.replace(/(["'`])(?:(?!\1)[^\\]|\\.)*\1/gs, (literal, quote) => {
    if (literal.length < SHORTEST) return literal;
    longest = Math.max(longest, literal.length);
    return `${quote}${quote}`;
  });
  // One character a byte: a shorter string is something else, and the sums would lie.
  if (longest < moduleLength) throw new Error("no string as long as the module is in the script that should carry it");
  return rest;
}
