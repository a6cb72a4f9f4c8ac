// @ts-check
// Keys that sign as JSON Web Signatures want it (RFC 7518 §3, RFC 8037 §3.1), for each algorithm a client may meet; among
// them the two that no client of a public kind may believe: HS256, whose secret anybody knows, and none.

import { constants, createHash, createHmac, generateKeyPairSync, randomUUID, sign } from "node:crypto";

/**
 * @typedef {"RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA"} AsymmetricAlgorithm
 * @typedef {AsymmetricAlgorithm | "HS256" | "HS384" | "HS512" | "none"} Algorithm
 */

export const ASYMMETRIC = /** @type {readonly AsymmetricAlgorithm[]} */ ([
  "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
]);

const CURVES = /** @type {Record<string, string>} */ ({ ES256: "P-256", ES384: "P-384", ES512: "P-521" });

/** One key of a server. */
export class SigningKey {
  /**
   * @param {AsymmetricAlgorithm} algorithm
   * @param {import("node:crypto").KeyPairKeyObjectResult} pair
   */
  constructor(algorithm, { publicKey, privateKey }) {
    this.algorithm = algorithm;
    this.publicKey = publicKey;
    this.privateKey = privateKey;
    this.keyId = randomUUID();
  }

  /** RFC 7517 §4, the public half. */
  jwk() {
    return { ...this.publicKey.export({ format: "jwk" }), kid: this.keyId, use: "sig", alg: this.algorithm };
  }

  /** What a client takes for the secret if it lets the token choose between HMAC and a signature. */
  publicKeyText() {
    return this.publicKey.export({ format: "pem", type: "spki" }).toString();
  }

  /** @param {string} input */
  sign(input) {
    const data = Buffer.from(input);
    const hash = hashOf(this.algorithm);
    switch (this.algorithm.slice(0, 2)) {
      case "RS":
        return sign(hash, data, this.privateKey);
      case "PS":
        // RFC 7518 §3.5: a salt as long as the hash.
        return sign(hash, data, {
          key: this.privateKey,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
        });
      case "ES":
        // RFC 7518 §3.4: R and S side by side, not ASN.1.
        return sign(hash, data, { key: this.privateKey, dsaEncoding: "ieee-p1363" });
      default:
        return sign(null, data, this.privateKey);
    }
  }
}

/** Making keys takes time: a test file makes each once. @type {Map<string, import("node:crypto").KeyPairKeyObjectResult>} */
const pairs = new Map();
/** @type {Map<string, SigningKey>} */
const keys = new Map();

/**
 * The key of this algorithm and name, the same one each time.
 * @param {AsymmetricAlgorithm} algorithm
 * @param {string} [name]
 * @param {{ modulusLength?: number }} [options] of RSA
 */
export function signingKey(algorithm, name = "first", { modulusLength = 2048 } = {}) {
  const id = `${algorithm} ${name} ${modulusLength}`;
  const known = keys.get(id);
  if (known !== undefined) return known;
  const isRsa = /^[RP]S/.test(algorithm);
  const material = isRsa ? `RSA ${name} ${modulusLength}` : id;
  const pair = pairs.get(material) ?? newPair(algorithm, modulusLength);
  pairs.set(material, pair);
  const key = new SigningKey(algorithm, pair);
  keys.set(id, key);
  return key;
}

/**
 * @param {AsymmetricAlgorithm} algorithm
 * @param {number} modulusLength
 */
function newPair(algorithm, modulusLength) {
  if (algorithm === "EdDSA") return generateKeyPairSync("ed25519");
  const namedCurve = CURVES[algorithm];
  return namedCurve === undefined ? generateKeyPairSync("rsa", { modulusLength }) : generateKeyPairSync("ec", { namedCurve });
}

/** @param {Algorithm} algorithm */
function hashOf(algorithm) {
  return algorithm === "EdDSA" ? "sha512" : `sha${algorithm.slice(2)}`;
}

/**
 * at_hash and c_hash, OIDC Core §3.1.3.6: the left half of the algorithm's own hash.
 * @param {Algorithm} algorithm
 * @param {string} value
 */
export function halfHash(algorithm, value) {
  const digest = createHash(algorithm === "none" ? "sha256" : hashOf(algorithm)).update(value).digest();
  return digest.subarray(0, digest.length / 2).toString("base64url");
}

/** @param {unknown} value */
function segment(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/**
 * RFC 7515 §7.1.
 * @param {Record<string, unknown>} header
 * @param {unknown} payload
 * @param {(input: string) => Buffer} signer
 */
export function compactJws(header, payload, signer) {
  const input = `${segment(header)}.${segment(payload)}`;
  return `${input}.${signer(input).toString("base64url")}`;
}

/**
 * @param {"HS256" | "HS384" | "HS512"} algorithm
 * @param {string} secret
 * @returns {(input: string) => Buffer}
 */
export function hmacSigner(algorithm, secret) {
  return (input) => createHmac(hashOf(algorithm), secret).update(input).digest();
}
