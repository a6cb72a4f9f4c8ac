// @ts-check
// Signatures and digests by the host's WebCrypto.
import { decoded, encoded } from "./json.js";

/** What is delivered, by the number of driver.rs. */
const VERIFIED = 7;

/** The names that WebCrypto has for what an `alg` begins with. @type {Record<string, string>} */
const NAMES = { RS: "RSASSA-PKCS1-v1_5", PS: "RSA-PSS", ES: "ECDSA" };

/** What of a key is public: a server that shows more is not to have it looked at. @param {any} jwk */
const publicOf = ({ kty, crv, x, y, n, e }) => ({ kty, crv, x, y, n, e });

/** Where a key keeps what the host needs for it, by algorithm: `{ name, hash, namedCurve, saltLength, key }`. */
const KNOWN = Symbol();

/** The left half of a digest, as base64url (OIDC Core §3.1.3.6). @param {string} hash @param {string | undefined} text */
async function halfHash(hash, text) {
  if (text === undefined) return "";
  const digest = new Uint8Array(await crypto.subtle.digest(hash, encoded(text)));
  return btoa(String.fromCharCode(...digest.subarray(0, digest.length / 2)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=/g, "");
}

/**
 * Verifies a JWS in its compact form. Delivers 1 where the signature is right, 0 where it is not and -1 where the host
 * has not got the algorithm or cannot use the key; with the half hashes, a line each, where any is asked for.
 * @param {(arrival: number, op: number, number: number, text?: string) => void} deliver
 * @param {number} op
 * @param {string} algorithm
 * @param {any} jwk
 * @param {string} token
 * @param {string} [accessToken] to be hashed
 * @param {string} [code] to be hashed
 */
export async function verify(deliver, op, algorithm, jwk, token, accessToken, code) {
  // EdDSA's own function is SHA-512.
  const bits = +algorithm.slice(2) || 512;
  const parameters = ((jwk[KNOWN] ??= {})[algorithm] ??= { name: NAMES[algorithm.slice(0, 2)] ?? "Ed25519", hash: `SHA-${bits}`, namedCurve: jwk.crv, saltLength: bits / 8 });
  const end = token.lastIndexOf(".");
  let verdict = -1;
  let hashes;
  try {
    const key = (parameters.key ??= await crypto.subtle.importKey("jwk", publicOf(jwk), parameters, false, ["verify"]));
    const isRight = await crypto.subtle.verify(parameters, key, decoded(token.slice(end + 1)), encoded(token.slice(0, end)));
    if ((accessToken ?? code) !== undefined) hashes = `${await halfHash(parameters.hash, accessToken)}\n${await halfHash(parameters.hash, code)}`;
    verdict = +isRight;
  } catch {
    // -1.
  }
  deliver(VERIFIED, op, verdict, hashes);
}
