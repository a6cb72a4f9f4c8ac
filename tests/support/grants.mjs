// @ts-check
// What an authorization server remembers of those who signed in: codes, refresh tokens and access tokens, each with the
// grant that it stands for. All of them are secrets, which must never show.

import { randomBytes } from "node:crypto";

/**
 * @typedef {object} Grant
 * @property {string} clientId
 * @property {string} redirectUri
 * @property {string} scope
 * @property {string | undefined} nonce
 * @property {string | undefined} codeChallenge
 * @property {string} codeChallengeMethod
 * @property {string[]} resources RFC 8707
 * @property {string | undefined} maxAge
 * @property {number} authTime
 * @property {string | undefined} keyThumbprint RFC 9449 §10: the key that the code, and later the refresh token, is bound to
 */

/**
 * @typedef {object} AccessToken
 * @property {string} clientId
 * @property {string} subject
 * @property {string} scope
 * @property {readonly string[]} audience
 * @property {string | undefined} keyThumbprint
 * @property {number} expiresAt seconds
 * @property {Grant | null} grant
 */

export class Grants {
  /** Everything that must never show: codes, tokens, verifiers. @type {Set<string>} */
  secrets = new Set();
  /** @type {Map<string, Grant>} */
  #codes = new Map();
  /** @type {Map<string, Grant>} */
  #refreshTokens = new Map();
  /** @type {Map<string, AccessToken>} */
  #accessTokens = new Map();

  /** @param {string} kind */
  secret(kind) {
    const value = `${kind}-${randomBytes(24).toString("base64url")}`;
    this.secrets.add(value);
    return value;
  }

  /** @param {Grant} grant */
  newCode(grant) {
    const code = this.secret("code");
    this.#codes.set(code, grant);
    return code;
  }

  /** The code's grant, once. @param {string} code */
  spendCode(code) {
    const grant = this.#codes.get(code);
    this.#codes.delete(code);
    return grant;
  }

  /** @param {Grant} grant */
  newRefreshToken(grant) {
    const refreshToken = this.secret("refresh");
    this.#refreshTokens.set(refreshToken, grant);
    return refreshToken;
  }

  /** @param {string} refreshToken */
  ofRefreshToken(refreshToken) {
    return this.#refreshTokens.get(refreshToken);
  }

  /**
   * @param {string} refreshToken
   * @param {Grant} grant
   */
  keepRefreshToken(refreshToken, grant) {
    this.#refreshTokens.set(refreshToken, grant);
  }

  /** @param {string} refreshToken */
  forgetRefreshToken(refreshToken) {
    this.#refreshTokens.delete(refreshToken);
  }

  forgetRefreshTokens() {
    this.#refreshTokens.clear();
  }

  /** @param {AccessToken} accessToken */
  newAccessToken(accessToken) {
    const value = this.secret("access");
    this.#accessTokens.set(value, accessToken);
    return value;
  }

  /** @param {string} value */
  ofAccessToken(value) {
    return this.#accessTokens.get(value);
  }

  forgetAccessTokens() {
    this.#accessTokens.clear();
  }

  /**
   * RFC 7009 §2.1: with a refresh token go the access tokens of its grant.
   * @param {string} token
   * @returns {"refresh_token" | "access_token" | null} what it was
   */
  revoke(token) {
    const grant = this.#refreshTokens.get(token);
    if (grant !== undefined) {
      this.#refreshTokens.delete(token);
      for (const [value, accessToken] of this.#accessTokens) if (accessToken.grant === grant) this.#accessTokens.delete(value);
      return "refresh_token";
    }
    return this.#accessTokens.delete(token) ? "access_token" : null;
  }
}
