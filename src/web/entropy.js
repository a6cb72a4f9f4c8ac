// @ts-check

/** Fills with the host's randomness; false where it has none. @param {Uint8Array} bytes */
export function fill(bytes) {
  try {
    return !!crypto.getRandomValues(bytes);
  } catch {
    return false;
  }
}
