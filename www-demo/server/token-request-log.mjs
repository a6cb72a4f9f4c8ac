// @ts-check
// What reached the token endpoint and how it ended, so that a test can say "one refresh a cycle" and a person can watch.

/**
 * @typedef {object} TokenRequest
 * @property {number} at Milliseconds since the Unix epoch, when the answer was ready.
 * @property {string} grantType "authorization_code", "refresh_token", or "unknown" where the request did not say.
 * @property {string} outcome "success", or the error code of the answer (RFC 6749 §5.2).
 */

export class TokenRequestLog {
  /** @type {TokenRequest[]} */
  #entries = [];
  #onTokenRequest;

  /** @param {(request: TokenRequest) => void} [onTokenRequest] Told of each request as it is answered. */
  constructor(onTokenRequest) {
    this.#onTokenRequest = onTokenRequest;
  }

  /** @returns {readonly TokenRequest[]} Oldest first. */
  get entries() {
    return [...this.#entries];
  }

  /**
   * @param {string} [grantType] Every grant where not given.
   * @param {string} [outcome] Every outcome where not given.
   */
  count(grantType, outcome) {
    return this.#entries.filter(
      (entry) =>
        (grantType === undefined || entry.grantType === grantType) && (outcome === undefined || entry.outcome === outcome),
    ).length;
  }

  /** @returns {Record<string, Record<string, number>>} grant type → outcome → how many. */
  get counts() {
    /** @type {Record<string, Record<string, number>>} */
    const counts = {};
    for (const { grantType, outcome } of this.#entries) {
      counts[grantType] ??= {};
      counts[grantType][outcome] = (counts[grantType][outcome] ?? 0) + 1;
    }
    return counts;
  }

  /**
   * @param {string} grantType
   * @param {string} outcome
   */
  record(grantType, outcome) {
    const entry = { at: Date.now(), grantType, outcome };
    this.#entries.push(entry);
    this.#onTokenRequest?.(entry);
  }

  clear() {
    this.#entries.length = 0;
  }
}
