// @ts-check
// The key that tokens are bound to (RFC 9449): in IndexedDB, and never out of the host.
import { encoded } from "./json.js";

// What is delivered, by the numbers of driver.rs.
const KEYED = 8;
const SIGNED = 9;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

const DATABASE = "pixie-auth dpop";
const KEYS = "keys";

/** @param {Uint8Array} bytes @returns {string} */
const base64url = (bytes) =>
  // @ts-ignore: newer than the types.
  bytes.toBase64?.({ alphabet: "base64url", omitPadding: true }) ?? btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

/** @returns {Promise<IDBDatabase>} */
function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(KEYS);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * The key pair that is kept under a name. Where there is none, the one that is given is kept and is it: in one
 * transaction, so that two tabs which come at the same time end with one.
 * @param {IDBDatabase} opened @param {string} name @param {CryptoKeyPair} [own]
 * @returns {Promise<CryptoKeyPair | undefined>}
 */
function kept(opened, name, own) {
  return new Promise((resolve, reject) => {
    const transaction = opened.transaction(KEYS, own ? "readwrite" : "readonly");
    const store = transaction.objectStore(KEYS);
    const request = store.get(name);
    request.onsuccess = () => {
      if (own && !request.result) store.put(own, name);
    };
    transaction.oncomplete = () => resolve(request.result ?? own);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** @returns {Promise<any>} */
const made = () => crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);

/** The key of one client. */
export class Signer {
  #deliver;
  /** @type {CryptoKeyPair | undefined} */
  #pair;

  /** @param {(arrival: number, op: number, number: number, text?: string, thrown?: string) => void} deliver */
  constructor(deliver) {
    this.#deliver = deliver;
  }

  /**
   * Opens the key that is kept, or the one that is open, or a new one, which is then kept. Delivers `x`, `y` and random
   * bytes, a line each, with 1 where the key is kept and 0 where it is in memory alone; or -1 and the name of what was
   * thrown.
   * @param {number} op @param {string} name @param {boolean} mustLast
   */
  async open(op, name, mustLast) {
    try {
      let isKept = 1;
      let pair;
      try {
        const opened = await database();
        try {
          pair = (await kept(opened, name, this.#pair)) ?? (await kept(opened, name, await made()));
        } finally {
          opened.close();
        }
      } catch (thrown) {
        if (mustLast) throw thrown;
        isKept = 0;
        pair = this.#pair ?? (await made());
      }
      const { x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
      const random = base64url(crypto.getRandomValues(new Uint8Array(32)));
      // At once with the answer: a proof names the key that signs it.
      this.#pair = pair;
      this.#deliver(KEYED, op, isKept, `${x}\n${y}\n${random}`);
    } catch (thrown) {
      this.#deliver(KEYED, op, -1, undefined, `${/** @type {any} */ (thrown)?.name}`);
    }
  }

  /** Signs what a JWT says; delivers the JWT, or nothing. @param {number} op @param {string} input */
  async sign(op, input) {
    let jwt;
    try {
      const key = /** @type {CryptoKeyPair} */ (this.#pair).privateKey;
      const signature = await crypto.subtle.sign(ALGORITHM, key, encoded(input));
      jwt = `${input}.${base64url(new Uint8Array(signature))}`;
    } catch {
      // Nothing.
    }
    this.#deliver(SIGNED, op, 0, jwt);
  }
}
