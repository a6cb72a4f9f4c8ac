// @ts-check
// A client without a browser, for the tests of the server itself: it does as it is told, right or wrong, and its proofs
// are made with node:crypto.

import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";

import { MisbehavingServer } from "./misbehaving-server.mjs";

export const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
export const REDIRECT_URI = "http://127.0.0.1:9/callback";

/** @param {import("node:test").TestContext} t */
export async function startServer(t) {
  const server = await MisbehavingServer.start();
  t.after(() => server.close());
  return server;
}

/** @param {Record<string, string>} [over] */
export function authorizationRequest(over = {}) {
  return new URLSearchParams({
    response_type: "code",
    client_id: "spa",
    redirect_uri: REDIRECT_URI,
    scope: "openid",
    state: "s",
    nonce: "n",
    code_challenge: createHash("sha256").update(VERIFIER).digest("base64url"),
    code_challenge_method: "S256",
    ...over,
  });
}

/**
 * The parameters of the redirect back, or the status where there was none.
 * @param {MisbehavingServer} server
 * @param {Record<string, string>} [over]
 */
export async function authorize(server, over = {}) {
  return redirected(`${server.url("/authorize")}?${authorizationRequest(over)}`);
}

/** @param {string} url */
export async function redirected(url) {
  const response = await fetch(url, { redirect: "manual" });
  const location = response.headers.get("location");
  return location === null ? new URLSearchParams({ status: String(response.status) }) : new URL(location).searchParams;
}

/**
 * @param {string} url
 * @param {Record<string, string> | URLSearchParams} form
 * @param {Record<string, string>} [headers]
 */
export async function post(url, form, headers = {}) {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams(form), headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
}

/**
 * @param {MisbehavingServer} server
 * @param {Record<string, string> | URLSearchParams} form
 * @param {Record<string, string>} [headers]
 */
export function token(server, form, headers) {
  return post(server.url("/token"), form, headers);
}

/**
 * @param {URLSearchParams} redirect
 * @param {Record<string, string>} [over]
 */
export function exchange(redirect, over = {}) {
  return {
    grant_type: "authorization_code",
    code: redirect.get("code") ?? "",
    redirect_uri: REDIRECT_URI,
    client_id: "spa",
    code_verifier: VERIFIER,
    ...over,
  };
}

/**
 * The whole way to tokens.
 * @param {MisbehavingServer} server
 * @param {{ request?: Record<string, string>, headers?: Record<string, string> }} [options]
 */
export async function signIn(server, { request, headers } = {}) {
  return (await token(server, exchange(await authorize(server, request)), headers)).body;
}

/** @param {string} jwt @returns {[header: any, payload: any]} */
export function decoded(jwt) {
  const [header, payload] = jwt.split(".", 2).map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
  return [header, payload];
}

/** A key for DPoP and what it signs. */
export class ProofKey {
  #pair = generateKeyPairSync("ec", { namedCurve: "P-256" });

  jwk() {
    return this.#pair.publicKey.export({ format: "jwk" });
  }

  /**
   * @param {string} method
   * @param {string} url
   * @param {{ accessToken?: string, payload?: Record<string, unknown>, header?: Record<string, unknown>, spoil?: boolean }} [options]
   */
  proof(method, url, { accessToken, payload = {}, header = {}, spoil = false } = {}) {
    const ath = accessToken === undefined ? {} : { ath: createHash("sha256").update(accessToken).digest("base64url") };
    const input = [
      { typ: "dpop+jwt", alg: "ES256", jwk: this.jwk(), ...header },
      { jti: randomUUID(), htm: method, htu: url, iat: Math.floor(Date.now() / 1000), ...ath, ...payload },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const signature = sign("sha256", Buffer.from(input), { key: this.#pair.privateKey, dsaEncoding: "ieee-p1363" });
    if (spoil) signature[20] ^= 1;
    return `${input}.${signature.toString("base64url")}`;
  }

  privateJwk() {
    return this.#pair.privateKey.export({ format: "jwk" });
  }
}
