// @ts-check
// `appState` is any structured-clonable value, and a storage takes strings: JSON, where that keeps the value. What it lacks is
// in app-state-marks.js, in the second module's file.

/** Whether JSON keeps a value as it is. @param {any} value @returns {boolean} */
function isPlain(value) {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value !== "object") return Number.isFinite(value) && !Object.is(value, -0);
  // Spread, as a hole is no element.
  if (Array.isArray(value)) return [...value].every(isPlain);
  return Object.getPrototypeOf(value) === Object.prototype && !("$" in value) && Object.values(value).every(isPlain);
}

/**
 * `false` where it cannot be kept in a storage.
 * @param {unknown} value @param {() => Promise<typeof import("./app-state-marks.js")>} marks
 */
export async function writeAppState(value, marks) {
  try {
    if (value === undefined || isPlain(value)) return JSON.stringify(value);
  } catch {
    // Endless, or it throws when it is looked at.
    return false;
  }
  return (await marks()).writeMarked(value);
}

/** @param {string} text @param {() => Promise<typeof import("./app-state-marks.js")>} marks */
export const readAppState = async (text, marks) => (text.includes('"$":') ? (await marks()).readMarked(text) : JSON.parse(text));
