/**
 * PKCE (RFC 7636), synchronous from the first statement after the import: no init, no fetch, no promise.
 * Works in a page served over plain http, in a worker, in Electron and in Node.
 *
 * Every function throws {@link AuthError}: `invalid_code_verifier` where a verifier breaks RFC 7636 §4.1,
 * `invalid_config` where an option is out of its range.
 */

/** A code_verifier and what to send of it. */
export interface PkcePair {
  /** For the token request, RFC 7636 §4.5. Keep it until then, and to this browser. */
  readonly codeVerifier: string;
  /** For the authorization request, RFC 7636 §4.3. */
  readonly codeChallenge: string;
  readonly codeChallengeMethod: "S256";
}

/**
 * Makes a new pair, RFC 7636 §4.1 and §4.2. `length` is the verifier's length in characters: 43 to 128, 43 where
 * not given. Each character carries six bits of the platform's randomness.
 */
export function generatePkce(options?: { length?: number }): PkcePair;

/** The challenge of a verifier, RFC 7636 §4.2. */
export function codeChallenge(codeVerifier: string, method?: "S256" | "plain"): string;

/** Whether a challenge belongs to a verifier, RFC 7636 §4.6, in constant time. */
export function verifyPkce(codeVerifier: string, codeChallenge: string, method?: "S256" | "plain"): boolean;

/** So many `bytes` of the platform's randomness (32 where not given) as base64url without padding: for state and nonce. */
export function randomToken(bytes?: number): string;

export { AuthError, type AuthErrorCode } from "./index.js";
