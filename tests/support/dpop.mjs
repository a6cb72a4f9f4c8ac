// @ts-check
// DPoP as a server sees it (RFC 9449): every proof is verified, none is taken twice, and a nonce is demanded where the
// test says so.

import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";

import { challenge, oauthError, withHeaders } from "./answers.mjs";

/**
 * @typedef {import("./answers.mjs").Answer} Answer
 * @typedef {import("./misbehaving-server.mjs").RecordedRequest} RecordedRequest
 * @typedef {{ header: Record<string, any>, payload: Record<string, any>, keyThumbprint: string, path: string }} Proof
 * @typedef {"server" | "resource"} Side  the authorization server and the resource server give nonces of their own (§9)
 */

const ALGORITHMS = /** @type {Record<string, { type: string, curve?: string, hash: string | null }>} */ ({
  ES256: { type: "EC", curve: "P-256", hash: "sha256" },
  ES384: { type: "EC", curve: "P-384", hash: "sha384" },
  EdDSA: { type: "OKP", curve: "Ed25519", hash: null },
});
/** RFC 7638 §3.2, RFC 8037 §2: the members that make a key's thumbprint, in their order. */
const THUMBPRINT_MEMBERS = /** @type {Record<string, string[]>} */ ({ EC: ["crv", "kty", "x", "y"], OKP: ["crv", "kty", "x"] });
/** Seconds by which `iat` may be off. */
const ACCEPTED_AGE = 60;

class Refusal extends Error {}

/** @param {Record<string, unknown>} jwk */
export function thumbprint(jwk) {
  const members = (THUMBPRINT_MEMBERS[String(jwk.kty)] ?? []).map((name) => [name, jwk[name]]);
  return createHash("sha256").update(JSON.stringify(Object.fromEntries(members))).digest("base64url");
}

/** @param {boolean} condition @param {string} why @returns {asserts condition} */
function demand(condition, why) {
  if (!condition) throw new Refusal(why);
}

export class DpopVerifier {
  /** The metadata says that the server can. */
  announced = false;
  /** Tokens are given to nobody without a proof. */
  required = false;
  /** Where a nonce is demanded. @type {Set<Side>} */
  noncesAt = new Set();
  /** Each answer brings a new nonce, and the one before is good no more. */
  freshNonces = false;
  /** How the challenge writes the scheme. */
  scheme = "DPoP";
  /** How the token response writes the type. */
  tokenType = "DPoP";
  /** The proofs that were good, in order. @type {Proof[]} */
  proofs = [];

  /** @type {Set<string>} */
  #seen = new Set();
  #nonces = { server: newNonce(), resource: newNonce() };
  #now;

  /** @param {() => number} now seconds */
  constructor(now) {
    this.#now = now;
  }

  metadata() {
    return this.announced ? { dpop_signing_alg_values_supported: Object.keys(ALGORITHMS) } : {};
  }

  /** From here on another nonce is demanded. @param {Side} side */
  renewNonce(side) {
    this.#nonces[side] = newNonce();
  }

  /** @param {Side} side */
  nonce(side) {
    return this.#nonces[side];
  }

  /**
   * §5, §8: of a request to the authorization server. A proof is looked at wherever one is sent.
   * @param {RecordedRequest} request
   * @returns {{ keyThumbprint: string | undefined, refusal?: undefined } | { refusal: Answer }}
   */
  atServer(request) {
    if (request.headers.dpop === undefined && !this.required) return { keyThumbprint: undefined };
    try {
      const proof = this.#verify(request);
      if (this.#lacksNonce("server", proof)) {
        return { refusal: withHeaders(oauthError("use_dpop_nonce", { description: "nonce" }), { "dpop-nonce": this.#nonces.server }) };
      }
      this.#accept(proof);
      return { keyThumbprint: proof.keyThumbprint };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { refusal: oauthError("invalid_dpop_proof", { description: error.message }) };
    }
  }

  /**
   * §7, §9: of a request to a protected resource, whose token is bound to `keyThumbprint`.
   * @param {RecordedRequest} request
   * @param {string} accessToken
   * @param {string | undefined} keyThumbprint
   * @returns {Answer | null} a refusal
   */
  atResource(request, accessToken, keyThumbprint) {
    try {
      const proof = this.#verify(request);
      const expected = createHash("sha256").update(accessToken).digest("base64url");
      demand(proof.payload.ath === expected, "ath");
      if (this.#lacksNonce("resource", proof)) {
        return challenge(this.scheme, { error: "use_dpop_nonce", error_description: "nonce" }, { headers: { "dpop-nonce": this.#nonces.resource } });
      }
      demand(proof.keyThumbprint === keyThumbprint, "the token is bound to another key");
      this.#accept(proof);
      return null;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return challenge(this.scheme, { error: "invalid_dpop_proof", error_description: error.message });
    }
  }

  /**
   * §8.2: an answer may bring the nonce for the request after it.
   * @param {Side} side
   * @param {Answer} answer
   */
  sendOff(side, answer) {
    if (!this.noncesAt.has(side)) return answer;
    if (this.freshNonces) this.renewNonce(side);
    return withHeaders(answer, { "dpop-nonce": this.#nonces[side] });
  }

  /** @param {Side} side @param {Proof} proof */
  #lacksNonce(side, proof) {
    return this.noncesAt.has(side) && proof.payload.nonce !== this.#nonces[side];
  }

  /** @param {Proof} proof */
  #accept(proof) {
    this.#seen.add(proof.payload.jti);
    this.proofs.push(proof);
  }

  /**
   * §4.3, by its numbers.
   * @param {RecordedRequest} request
   * @returns {Proof}
   */
  #verify(request) {
    const text = request.headers.dpop;
    demand(typeof text === "string" && !text.includes(","), "1: one DPoP header");
    const parts = text.split(".");
    demand(parts.length === 3 && parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part)), "2: no JWS");
    const [header, payload] = parts.slice(0, 2).map(readSegment);
    for (const name of ["jti", "htm", "htu"]) demand(typeof payload[name] === "string" && payload[name] !== "", `3: ${name}`);
    demand(typeof payload.iat === "number", "3: iat");
    demand(header.typ === "dpop+jwt", "4: typ");
    const algorithm = Object.hasOwn(ALGORITHMS, header.alg) ? ALGORITHMS[header.alg] : undefined;
    demand(algorithm !== undefined, "5: alg");
    const { jwk } = header;
    demand(jwk?.kty === algorithm.type && jwk.crv === algorithm.curve, "6: jwk");
    for (const name of ["d", "p", "q", "k"]) demand(jwk[name] === undefined, "7: jwk holds a private key");
    demand(isSigned(parts, jwk, algorithm.hash), "6: signature");
    demand(payload.htm === request.method, "8: htm");
    demand(payload.htu === request.url, `9: htu is ${payload.htu}`);
    demand(Math.abs(payload.iat - this.#now()) <= ACCEPTED_AGE, "11: iat");
    demand(!this.#seen.has(payload.jti), "jti was used before");
    return { header, payload, keyThumbprint: thumbprint(jwk), path: request.path };
  }
}

function newNonce() {
  return randomBytes(16).toString("base64url");
}

/** @param {string} text @returns {Record<string, any>} */
function readSegment(text) {
  try {
    const value = JSON.parse(Buffer.from(text, "base64url").toString());
    demand(typeof value === "object" && value !== null, "2: no JWS");
    return value;
  } catch {
    throw new Refusal("2: no JWS");
  }
}

/**
 * @param {string[]} parts
 * @param {any} jwk
 * @param {string | null} hash
 */
function isSigned([header, payload, signature], jwk, hash) {
  try {
    const key = createPublicKey({ key: jwk, format: "jwk" });
    return verify(hash, Buffer.from(`${header}.${payload}`), { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"));
  } catch {
    return false;
  }
}
