// @ts-check
// A function's name as a line of the terminal has room for it.

const ROOM = 90;

/** @param {string} name Without the compiler's hashes. */
export function fitted(name, room = ROOM) {
  if (name === "") return "(without a name)";
  const short = name
    .replaceAll("pixie_auth::", "crate::")
    // An inherent implementation elsewhere names its type by the whole path.
    .replace(/<impl (?:\w+::)+/g, "<impl ");
  if (short.length <= room) return short;
  // The end tells one method from another.
  const tail = Math.floor((room - 1) / 2);
  return `${short.slice(0, room - 1 - tail)}…${short.slice(-tail)}`;
}
