// @ts-check
// Who may read: the check of an access token that the userinfo endpoint and the API share (RFC 6750, RFC 9449 §7), and
// an API that shows what it was asked.

import { challenge, json, oauthError } from "./answers.mjs";
import { ScriptedEndpoint } from "./scripted-endpoint.mjs";

/**
 * @typedef {import("./answers.mjs").Answer} Answer
 * @typedef {import("./misbehaving-server.mjs").RecordedRequest} RecordedRequest
 * @typedef {import("./misbehaving-server.mjs").MisbehavingServer} MisbehavingServer
 */

/**
 * The token that the request carries in its header, the one place where this server takes it from.
 * @param {MisbehavingServer} server
 * @param {RecordedRequest} request
 * @returns {{ token: import("./grants.mjs").AccessToken, refusal?: undefined } | { token?: undefined, refusal: Answer }}
 */
export function authenticate(server, request) {
  if (request.query.access_token !== undefined || request.form.access_token !== undefined) {
    return { refusal: oauthError("invalid_request", { description: "the token goes into the header" }) };
  }
  const [scheme, value, ...more] = (request.headers.authorization ?? "").split(" ");
  if (!value || more.length > 0) return { refusal: challenge("Bearer") };
  const isDpop = scheme.toLowerCase() === "dpop";
  const invalid = (/** @type {string} */ why) => ({
    refusal: challenge(isDpop ? server.dpop.scheme : "Bearer", { error: "invalid_token", error_description: why }),
  });
  if (!isDpop && scheme.toLowerCase() !== "bearer") return invalid("scheme");
  const token = server.grants.ofAccessToken(value);
  if (token === undefined) return invalid("unknown");
  if (token.expiresAt <= server.now()) return invalid("expired");
  if (isDpop) {
    const refusal = server.dpop.atResource(request, value, token.keyThumbprint);
    if (refusal !== null) return { refusal };
  } else if (token.keyThumbprint !== undefined) {
    // §7.2: a bound token is not to be taken from a mere bearer.
    return invalid("bound to a key");
  }
  return { token };
}

export class ProtectedResource extends ScriptedEndpoint {
  /** RFC 8707: only tokens for this resource are taken. @type {string | null} */
  audience = null;
  #server;

  /** @param {MisbehavingServer} server */
  constructor(server) {
    super();
    this.#server = server;
  }

  /**
   * Tokens of the next `times` requests are refused, good or not.
   * @param {number} [times]
   */
  refuse(times = 1) {
    this.next(challenge("Bearer", { error: "invalid_token", error_description: "told to" }), times);
  }

  /** @param {RecordedRequest} request */
  answer(request) {
    const { token, refusal } = authenticate(this.#server, request);
    if (refusal) return refusal;
    if (this.audience !== null && !token.audience.includes(this.audience)) {
      return challenge("Bearer", { error: "invalid_token", error_description: "audience" });
    }
    const { subject, scope } = token;
    return this.#server.dpop.sendOff("resource", json({ subject, scope, method: request.method, body: request.body }));
  }
}
