// @ts-check
// The same work by each of them: a verifier of 43 characters and its S256 challenge. Runs in Node and, bundled, in a page.
import { calculatePKCECodeChallenge, generateRandomCodeVerifier } from "oauth4webapi";
import pkceChallenge from "pkce-challenge";
import { generatePkce } from "../pkg/pkce.js";

/** @typedef {{ codeVerifier: string, codeChallenge: string }} Pair */
/** @typedef {{ make: () => Pair | Promise<Pair>, synchronous?: boolean }} Contender */

const base64url = (/** @type {Uint8Array} */ bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** @type {Record<string, Contender>} */
export const contenders = {
  "pixie-auth": { make: generatePkce, synchronous: true },
  "pkce-challenge": {
    async make() {
      const { code_verifier: codeVerifier, code_challenge: codeChallenge } = await pkceChallenge();
      return { codeVerifier, codeChallenge };
    },
  },
  oauth4webapi: {
    async make() {
      const codeVerifier = generateRandomCodeVerifier();
      return { codeVerifier, codeChallenge: await calculatePKCECodeChallenge(codeVerifier) };
    },
  },
  "WebCrypto by hand": {
    async make() {
      const codeVerifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(codeVerifier));
      return { codeVerifier, codeChallenge: base64url(new Uint8Array(digest)) };
    },
  },
};

/** Between two looks at the clock. */
const BATCH = 32;

/**
 * Pairs per second, made one after another. What gives its pair at once is not waited for.
 * @param {Contender} contender
 * @param {number} milliseconds
 */
export async function pairsPerSecond({ make, synchronous }, milliseconds) {
  const began = performance.now();
  let pairs = 0;
  let elapsed = 0;
  while (elapsed < milliseconds) {
    if (synchronous) for (let count = 0; count < BATCH; count += 1) make();
    else for (let count = 0; count < BATCH; count += 1) await make();
    pairs += BATCH;
    elapsed = performance.now() - began;
  }
  return (pairs * 1000) / elapsed;
}
