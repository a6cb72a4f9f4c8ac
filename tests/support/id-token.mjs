// @ts-check
// ID tokens as an authorization server makes them: RS256 with a key of its own, or unsigned.

import { createSign, generateKeyPairSync, randomUUID } from "node:crypto";

/** @param {unknown} value */
function segment(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** One pair for all servers of a test file: making it is what takes time. @type {ReturnType<typeof newKeys> | null} */
let keys = null;

function newKeys() {
  return { ...generateKeyPairSync("rsa", { modulusLength: 2048 }), keyId: randomUUID() };
}

export class IdTokenIssuer {
  #keys = (keys ??= newKeys());

  /** RFC 7517. */
  keySet() {
    return { keys: [{ ...this.#keys.publicKey.export({ format: "jwk" }), kid: this.#keys.keyId, use: "sig", alg: "RS256" }] };
  }

  /**
   * @param {Record<string, unknown>} claims
   * @param {{ algorithm?: "RS256" | "none" }} [options]
   */
  issue(claims, { algorithm = "RS256" } = {}) {
    if (algorithm === "none") {
      return `${segment({ alg: "none", typ: "JWT" })}.${segment(claims)}.`;
    }
    const signed = `${segment({ alg: "RS256", typ: "JWT", kid: this.#keys.keyId })}.${segment(claims)}`;
    const signature = createSign("RSA-SHA256").update(signed).sign(this.#keys.privateKey).toString("base64url");
    return `${signed}.${signature}`;
  }
}
