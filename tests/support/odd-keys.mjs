// @ts-check
// Entries that are found in key sets beside the good ones, and that must neither break a client nor be used by it.

import { generateKeyPairSync } from "node:crypto";

import { signingKey } from "./signing-keys.mjs";

/** RFC 7517 §5: "Implementations SHOULD ignore JWKs within a JWK Set that use "kty" […] values that are not understood". */
export function unknownKeyType() {
  return { kty: "LATTICE", kid: "lattice", use: "sig", alg: "ML-DSA-65", pub: "AAAA" };
}

export function keyForEncryption() {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...publicKey.export({ format: "jwk" }), kid: "encryption", use: "enc", alg: "ECDH-ES" };
}

/**
 * The same key marked as one for encryption.
 * @param {import("./signing-keys.mjs").SigningKey} key
 */
export function markedForEncryption(key) {
  return { ...key.jwk(), use: "enc", alg: undefined };
}

/**
 * Another key of another kind under this one's name.
 * @param {import("./signing-keys.mjs").SigningKey} key
 */
export function duplicateKeyId(key) {
  return { ...signingKey(key.algorithm === "ES384" ? "ES512" : "ES384", "duplicate").jwk(), kid: key.keyId };
}

/**
 * The private half, published by mistake.
 * @param {import("./signing-keys.mjs").SigningKey} key
 */
export function leakedPrivateKey(key) {
  return { ...key.privateKey.export({ format: "jwk" }), kid: key.keyId, use: "sig", alg: key.algorithm };
}

/** RFC 7518 §3.3: "A key of size 2048 bits or larger MUST be used". */
export function shortRsaKey() {
  return signingKey("RS256", "short", { modulusLength: 1024 });
}

/** What no key set should hold, and one may. */
export function nonsense() {
  return [null, "key", 7, [], {}, { kty: "RSA", kid: "half", use: "sig" }, { kty: "EC", crv: "P-256", kid: "bent", x: "!", y: "!" }];
}
