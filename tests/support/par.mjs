// @ts-check
// Pushed authorization requests, RFC 9126: a request_uri is good for one client, once, for a minute.

import { randomBytes } from "node:crypto";

import { json, oauthError } from "./answers.mjs";
import { ScriptedEndpoint } from "./scripted-endpoint.mjs";

/** @typedef {import("./misbehaving-server.mjs").RecordedRequest} RecordedRequest */

const PREFIX = "urn:ietf:params:oauth:request_uri:";

export class PushedRequests extends ScriptedEndpoint {
  /** The metadata names the endpoint. */
  announced = false;
  /** §5: the authorization endpoint takes no other requests, and the metadata says so. */
  required = false;
  lifetime = 60;

  /** @type {Map<string, { parameters: URLSearchParams, keyThumbprint: string | undefined, expiresAt: number }>} */
  #pushed = new Map();
  #server;

  /** @param {import("./misbehaving-server.mjs").MisbehavingServer} server */
  constructor(server) {
    super();
    this.#server = server;
  }

  metadata() {
    return {
      ...(this.announced || this.required ? { pushed_authorization_request_endpoint: this.#server.url("/par") } : {}),
      ...(this.required ? { require_pushed_authorization_requests: true } : {}),
    };
  }

  /** @param {RecordedRequest} request */
  answer(request) {
    if (request.method !== "POST") return oauthError("invalid_request", { status: 405 });
    const { fields } = request;
    // RFC 9449 §10.1: a proof here binds the code.
    const proof = this.#server.dpop.atServer(request);
    if (proof.refusal) return proof.refusal;
    if (fields.has("request_uri")) return oauthError("invalid_request", { description: "request_uri" });
    for (const name of ["client_id", "redirect_uri", "response_type"]) {
      if (!fields.get(name)) return oauthError("invalid_request", { description: name });
    }
    const bound = fields.get("dpop_jkt") ?? proof.keyThumbprint;
    if (proof.keyThumbprint !== undefined && bound !== proof.keyThumbprint) return oauthError("invalid_dpop_proof");
    const requestUri = PREFIX + randomBytes(16).toString("base64url");
    this.#pushed.set(requestUri, { parameters: fields, keyThumbprint: bound, expiresAt: this.#server.now() + this.lifetime });
    return this.#server.dpop.sendOff("server", json({ request_uri: requestUri, expires_in: this.lifetime }, { status: 201 }));
  }

  /**
   * The request that the query of the authorization endpoint stands for.
   * @param {URLSearchParams} query
   * @returns {{ parameters: URLSearchParams, keyThumbprint: string | undefined } | null} null where it stands for none
   */
  resolve(query) {
    const requestUri = query.get("request_uri");
    if (requestUri === null) {
      return this.required ? null : { parameters: query, keyThumbprint: query.get("dpop_jkt") ?? undefined };
    }
    const pushed = this.#pushed.get(requestUri);
    this.#pushed.delete(requestUri);
    if (pushed === undefined || pushed.expiresAt <= this.#server.now()) return null;
    return pushed.parameters.get("client_id") === query.get("client_id") ? pushed : null;
  }
}
