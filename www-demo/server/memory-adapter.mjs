// @ts-check
// Where the authorization server keeps what it issues: in memory, one store a server, gone when it stops.

/** The kinds that belong to a grant and fall with it: this is what revokes a whole family of refresh tokens. */
const GRANTABLE = new Set(["AccessToken", "AuthorizationCode", "RefreshToken", "DeviceCode", "BackchannelAuthenticationRequest"]);

/** @typedef {Record<string, any>} Payload */

/**
 * Two servers in one process must not see each other's tokens, so each gets a store of its own.
 * @returns {(model: string) => object} what oidc-provider's `adapter` setting takes
 */
export function createMemoryAdapter() {
  /** @type {Map<string, { payload: Payload, expiresAt: number }>} */
  const entries = new Map();
  return (model) => new MemoryAdapter(model, entries);
}

class MemoryAdapter {
  #model;
  #entries;

  /**
   * @param {string} model
   * @param {Map<string, { payload: Payload, expiresAt: number }>} entries
   */
  constructor(model, entries) {
    this.#model = model;
    this.#entries = entries;
  }

  /**
   * @param {string} id
   * @param {Payload} payload
   * @param {number} [expiresIn] seconds
   */
  async upsert(id, payload, expiresIn) {
    this.#dropExpired();
    const expiresAt = expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000;
    this.#entries.set(this.#key(id), { payload, expiresAt });
  }

  /** @param {string} id */
  async find(id) {
    const entry = this.#entries.get(this.#key(id));
    return entry && entry.expiresAt > Date.now() ? entry.payload : undefined;
  }

  /** @param {string} uid */
  async findByUid(uid) {
    return this.#findWhere("uid", uid);
  }

  /** @param {string} userCode */
  async findByUserCode(userCode) {
    return this.#findWhere("userCode", userCode);
  }

  /** @param {string} id */
  async consume(id) {
    const payload = await this.find(id);
    if (payload) payload.consumed = Math.floor(Date.now() / 1000);
  }

  /** @param {string} id */
  async destroy(id) {
    this.#entries.delete(this.#key(id));
  }

  /** @param {string} grantId */
  async revokeByGrantId(grantId) {
    for (const [key, { payload }] of this.#entries) {
      if (payload.grantId === grantId && GRANTABLE.has(payload.kind)) this.#entries.delete(key);
    }
  }

  /** @param {string} id */
  #key(id) {
    return `${this.#model}:${id}`;
  }

  /**
   * A demo holds dozens of entries, not millions: reading through them is simpler than keeping an index true.
   * @param {string} member
   * @param {string} value
   */
  #findWhere(member, value) {
    for (const [key, { payload, expiresAt }] of this.#entries) {
      if (key.startsWith(`${this.#model}:`) && payload[member] === value && expiresAt > Date.now()) return payload;
    }
    return undefined;
  }

  #dropExpired() {
    const now = Date.now();
    for (const [key, { expiresAt }] of this.#entries) {
      if (expiresAt <= now) this.#entries.delete(key);
    }
  }
}
