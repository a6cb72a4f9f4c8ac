// @ts-check
// What bytes weigh when they travel: each file is compressed by itself, as a server sends it.
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** @typedef {{ raw: number, gzip: number, brotli: number }} Weight */

/** @param {Uint8Array} bytes @returns {Weight} */
export function weigh(bytes) {
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length,
  };
}

/** @param {readonly Weight[]} weights @returns {Weight} */
export function total(weights) {
  const sum = { raw: 0, gzip: 0, brotli: 0 };
  for (const { raw, gzip, brotli } of weights) {
    sum.raw += raw;
    sum.gzip += gzip;
    sum.brotli += brotli;
  }
  return sum;
}

/** @param {Weight} whole @param {Weight[]} parts @returns {Weight} */
export function without(whole, ...parts) {
  const { raw, gzip, brotli } = total(parts);
  return { raw: whole.raw - raw, gzip: whole.gzip - gzip, brotli: whole.brotli - brotli };
}
