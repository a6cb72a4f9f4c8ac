// @ts-check
// ID tokens as an authorization server makes them, and the key set that it publishes for them; signed with any algorithm,
// and, when told so, with the wrong key, a broken signature or none.

import { compactJws, halfHash, hmacSigner, signingKey } from "./signing-keys.mjs";

export class IdTokenIssuer {
  /** @type {import("./signing-keys.mjs").Algorithm} */
  algorithm = "RS256";
  /** What the metadata says that it signs with, where that is not what it does. @type {import("./signing-keys.mjs").Algorithm[] | null} */
  announced = null;
  /** Whether the header names the key. */
  namesKey = true;
  /** Who signs: the key that is published, one that is not, or one that is not and says that it is. @type {"published" | "stranger" | "impostor"} */
  signer = "published";
  /** @type {"good" | "flipped" | "empty"} */
  signature = "good";
  /** Of HS256. */
  hmacSecret = "";
  /** Which of them an ID token that comes with a code or an access token carries. @type {("at_hash" | "c_hash")[]} */
  hashes = [];
  /** Which of them is another's. @type {("at_hash" | "c_hash")[]} */
  spoilsHashes = [];
  /** Further keys in the key set, before the one that signs. @type {import("./signing-keys.mjs").SigningKey[]} */
  beside = [];
  /** @type {(header: Record<string, unknown>) => Record<string, unknown>} */
  shapeHeader = (header) => header;
  /** @type {(keySet: { keys: unknown[] }) => unknown} */
  shapeKeySet = (keySet) => keySet;

  #rotations = 0;

  /** The key that signs, and that a token without a signature would have been signed with. */
  get key() {
    return signingKey(this.#asymmetric, this.#rotations === 0 ? "first" : `after rotation ${this.#rotations}`);
  }

  get #asymmetric() {
    const { algorithm } = this;
    return algorithm === "none" || algorithm === "HS256" || algorithm === "HS384" || algorithm === "HS512" ? "RS256" : algorithm;
  }

  metadata() {
    return { id_token_signing_alg_values_supported: this.announced ?? [this.algorithm] };
  }

  /** From here on another key signs, and the one before is in the key set no more. */
  rotate() {
    this.#rotations += 1;
  }

  /** RFC 7517 §5. */
  keySet() {
    return this.shapeKeySet({ keys: [...this.beside, this.key].map((key) => key.jwk()) });
  }

  /**
   * OIDC Core §3.1.3.6, §3.3.2.11: the claims that tie the token to what comes with it.
   * @param {{ accessToken: string, code: string | undefined }} beside
   */
  hashClaims({ accessToken, code }) {
    const hash = (/** @type {"at_hash" | "c_hash"} */ name, /** @type {string | undefined} */ value) =>
      this.hashes.includes(name) && value !== undefined
        ? { [name]: halfHash(this.algorithm, this.spoilsHashes.includes(name) ? "another" : value) }
        : {};
    return { ...hash("at_hash", accessToken), ...hash("c_hash", code) };
  }

  /** @param {unknown} claims */
  issue(claims) {
    const { algorithm } = this;
    const key = this.signer === "published" ? this.key : signingKey(this.#asymmetric, "stranger");
    const keyId = this.signer === "impostor" ? this.key.keyId : key.keyId;
    const header = this.shapeHeader({ alg: algorithm, typ: "JWT", ...(this.namesKey && algorithm !== "none" ? { kid: keyId } : {}) });
    return compactJws(header, claims, this.#signer(algorithm, key));
  }

  /**
   * @param {import("./signing-keys.mjs").Algorithm} algorithm
   * @param {import("./signing-keys.mjs").SigningKey} key
   * @returns {(input: string) => Buffer}
   */
  #signer(algorithm, key) {
    if (algorithm === "none" || this.signature === "empty") return () => Buffer.alloc(0);
    const sign =
      algorithm === "HS256" || algorithm === "HS384" || algorithm === "HS512"
        ? hmacSigner(algorithm, this.hmacSecret)
        : (/** @type {string} */ input) => key.sign(input);
    if (this.signature === "good") return sign;
    return (input) => {
      const signature = Buffer.from(sign(input));
      // In the middle: the ends of some signatures have bits of fixed value.
      signature[signature.length >> 1] ^= 1;
      return signature;
    };
  }
}
