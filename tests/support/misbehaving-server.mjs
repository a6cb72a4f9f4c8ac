// @ts-check
// An authorization server that keeps to the specifications until a test tells it not to. It signs everybody in at
// once, holds codes to PKCE and to one use, rotates refresh tokens, and records each request it gets.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import { empty, json, oauthError, redirect, silence } from "./answers.mjs";
import { IdTokenIssuer } from "./id-token.mjs";
import { ScriptedEndpoint } from "./scripted-endpoint.mjs";

/**
 * @typedef {object} RecordedRequest
 * @property {string} method
 * @property {string} path
 * @property {Record<string, string>} query
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {string} body
 * @property {Record<string, string>} form
 * @property {number} at
 */

/**
 * @typedef {object} Grant
 * @property {string} clientId
 * @property {string} redirectUri
 * @property {string} scope
 * @property {string | undefined} nonce
 * @property {string | undefined} codeChallenge
 * @property {string} codeChallengeMethod
 */

const ID_TOKEN_LIFETIME = 3600;

export class MisbehavingServer {
  discovery = new ScriptedEndpoint();
  /** RFC 8414's document; absent, as on most OpenID providers, until a test scripts it. */
  oauthMetadata = new ScriptedEndpoint();
  authorization = new ScriptedEndpoint();
  token = new ScriptedEndpoint();
  endSession = new ScriptedEndpoint();

  /** @type {RecordedRequest[]} */
  requests = [];
  /** Everything that must never show: codes, tokens, verifiers. @type {Set<string>} */
  secrets = new Set();

  /** What discovery says. @type {(metadata: Record<string, unknown>) => unknown} */
  shapeMetadata = (metadata) => metadata;
  /** The redirect back from the authorization endpoint. @type {(parameters: Record<string, string | undefined>) => Record<string, string | undefined>} */
  shapeAuthorizationResponse = (parameters) => parameters;
  /** The good token response. @type {(body: Record<string, unknown>, form: Record<string, string>) => unknown} */
  shapeTokens = (body) => body;
  /** @type {(claims: Record<string, unknown>, form: Record<string, string>) => Record<string, unknown>} */
  shapeIdToken = (claims) => claims;
  /** @type {"RS256" | "none"} */
  idTokenAlgorithm = "RS256";
  /** @type {number | undefined} */
  expiresIn = 3600;
  byteOrderMark = false;
  /** Codes and refresh tokens are spent, and the answer never comes. */
  withholdTokens = false;
  /** A refresh token that was used stays good, as for a while on servers that know how tabs and networks are. */
  forgiving = false;
  /** How many refreshes ended in invalid_grant. */
  refused = 0;
  /** Milliseconds by which the token endpoint's answers are held back, after the work is done. */
  tokenDelay = 0;
  /** Seconds that its clock is ahead of this machine's; a test that moves the pages' clock moves this one along. */
  clockAhead = 0;

  #idTokens = new IdTokenIssuer();
  /** @type {Map<string, Grant>} */
  #codes = new Map();
  /** @type {Map<string, Grant>} */
  #refreshTokens = new Map();
  /** @type {import("node:http").Server | null} */
  #http = null;
  #base = "";
  #arrivals = new EventEmitter();

  /** Listens on a loopback port of its own. */
  static async start() {
    const server = new MisbehavingServer();
    const http = createServer((request, response) => void server.handle(request, response));
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const address = /** @type {import("node:net").AddressInfo} */ (http.address());
    server.#http = http;
    server.#base = `http://127.0.0.1:${address.port}`;
    return server;
  }

  /**
   * Has no port of its own: another server hands its requests to handle().
   * @param {string} base
   */
  static mountedAt(base) {
    const server = new MisbehavingServer();
    server.#base = base;
    return server;
  }

  async close() {
    if (this.#http === null) return;
    const closed = once(this.#http, "close");
    this.#http.close();
    this.#http.closeAllConnections();
    await closed;
  }

  get issuer() {
    return this.#base;
  }

  /** @param {string} path */
  url(path) {
    return this.#base + path;
  }

  metadata() {
    return {
      issuer: this.issuer,
      authorization_endpoint: this.url("/authorize"),
      token_endpoint: this.url("/token"),
      jwks_uri: this.url("/jwks"),
      end_session_endpoint: this.url("/end_session"),
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      code_challenge_methods_supported: ["S256"],
      grant_types_supported: ["authorization_code", "refresh_token"],
      token_endpoint_auth_methods_supported: ["none"],
      authorization_response_iss_parameter_supported: true,
    };
  }

  /**
   * @param {string} path
   * @param {string} [method]
   */
  requestsTo(path, method) {
    return this.requests.filter((request) => request.path === path && (method === undefined || request.method === method));
  }

  /** @param {"authorization_code" | "refresh_token"} [grantType] */
  tokenRequests(grantType) {
    return this.requestsTo("/token", "POST").filter(
      (request) => grantType === undefined || request.form.grant_type === grantType,
    );
  }

  /**
   * Resolves as soon as the `count`th request has come, answered or not.
   * @param {string} path
   * @param {number} [count]
   */
  async received(path, count = 1) {
    const signal = AbortSignal.timeout(10_000);
    while (this.requestsTo(path).length < count) await once(this.#arrivals, "request", { signal });
  }

  /** The access token that was issued last. */
  get latestAccessToken() {
    return [...this.secrets].findLast((secret) => secret.startsWith("access-"));
  }

  /** The session ends on the server's side: every refresh token is worth nothing from here on. */
  revokeEverything() {
    this.#refreshTokens.clear();
  }

  /**
   * Answers a request; false where it has no port of its own and the request is for its host.
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   * @returns {Promise<boolean>}
   */
  async handle(request, response) {
    const url = new URL(request.url ?? "/", this.#base);
    const handler = this.#handlerFor(url.pathname);
    if (handler === null && this.#http === null) return false;

    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const isForm = (request.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
    const recorded = {
      method: request.method ?? "",
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body,
      form: isForm ? Object.fromEntries(new URLSearchParams(body)) : {},
      at: Date.now(),
    };
    this.requests.push(recorded);
    if (recorded.form.code_verifier !== undefined) this.secrets.add(recorded.form.code_verifier);
    this.#arrivals.emit("request");

    if (request.headers.origin !== undefined) {
      // Credentials are never allowed: a request that carries cookies fails in the browser as it would in the field.
      response.setHeader("access-control-allow-origin", request.headers.origin);
      response.setHeader("vary", "origin");
    }
    if (request.method === "OPTIONS") {
      empty({
        status: 204,
        headers: {
          "access-control-allow-methods": "GET, POST",
          "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "",
        },
      })(response);
      return true;
    }
    const answer = (handler ?? (() => oauthError("not_found", { status: 404 })))(recorded);
    if (recorded.path === "/token" && this.tokenDelay > 0) await delay(this.tokenDelay, undefined, { ref: false });
    answer(response);
    return true;
  }

  /**
   * @param {string} path
   * @returns {((request: RecordedRequest) => import("./answers.mjs").Answer) | null}
   */
  #handlerFor(path) {
    switch (path) {
      case "/.well-known/openid-configuration":
        return () => this.discovery.take() ?? json(this.shapeMetadata(this.metadata()));
      case "/.well-known/oauth-authorization-server":
        return () => this.oauthMetadata.take() ?? oauthError("not_found", { status: 404 });
      case "/authorize":
        return (request) => this.authorization.take() ?? this.#authorize(request);
      case "/token":
        return (request) => this.token.take() ?? this.#token(request);
      case "/jwks":
        return () => json(this.#idTokens.keySet());
      case "/end_session":
        return (request) => this.endSession.take() ?? this.#endSession(request);
      default:
        return null;
    }
  }

  /** @param {RecordedRequest} request */
  #authorize({ query }) {
    const code = this.#secret("code");
    this.#codes.set(code, {
      clientId: query.client_id,
      redirectUri: query.redirect_uri,
      scope: query.scope ?? "",
      nonce: query.nonce,
      codeChallenge: query.code_challenge,
      codeChallengeMethod: query.code_challenge_method ?? "plain",
    });
    const parameters = this.shapeAuthorizationResponse({ code, state: query.state, iss: this.issuer });
    const answer = redirect(this.#redirectBack(query.redirect_uri, parameters));
    // A cookie on the server's host: a client that sends credentials along gives itself away.
    return (/** @type {import("node:http").ServerResponse} */ response) => {
      response.setHeader("set-cookie", "as_session=signed-in; Path=/; HttpOnly");
      answer(response);
    };
  }

  /**
   * @param {string} target
   * @param {Record<string, string | undefined>} parameters
   */
  #redirectBack(target, parameters) {
    const url = new URL(target);
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url.href;
  }

  /** @param {RecordedRequest} request */
  #token({ form }) {
    if (form.grant_type === "authorization_code") {
      const grant = this.#codes.get(form.code);
      this.#codes.delete(form.code);
      if (grant === undefined) return oauthError("invalid_grant", { description: "unknown or spent code" });
      if (form.client_id !== grant.clientId) return oauthError("invalid_client", { status: 401 });
      if (form.redirect_uri !== grant.redirectUri) return oauthError("invalid_grant", { description: "redirect_uri" });
      if (!verifierFits(form.code_verifier, grant)) return oauthError("invalid_grant", { description: "code_verifier" });
      return this.#tokens(grant, form);
    }
    if (form.grant_type === "refresh_token") {
      const grant = this.#refreshTokens.get(form.refresh_token);
      if (!this.forgiving) this.#refreshTokens.delete(form.refresh_token);
      if (grant === undefined) {
        this.refused += 1;
        return oauthError("invalid_grant", { description: "unknown or used refresh token" });
      }
      if (form.client_id !== grant.clientId) return oauthError("invalid_client", { status: 401 });
      return this.#tokens(grant, form);
    }
    return oauthError("unsupported_grant_type");
  }

  /**
   * @param {Grant} grant
   * @param {Record<string, string>} form
   */
  #tokens(grant, form) {
    const refreshToken = this.#secret("refresh");
    this.#refreshTokens.set(refreshToken, grant);
    const now = Math.floor(Date.now() / 1000) + this.clockAhead;
    const first = form.grant_type === "authorization_code";
    const claims = this.shapeIdToken(
      {
        iss: this.issuer,
        sub: "alice",
        aud: grant.clientId,
        iat: now,
        exp: now + ID_TOKEN_LIFETIME,
        ...(first && grant.nonce !== undefined ? { nonce: grant.nonce } : {}),
        name: "Alice Liddell",
      },
      form,
    );
    const openid = grant.scope.split(" ").includes("openid");
    const idToken = openid ? this.#idTokens.issue(claims, { algorithm: this.idTokenAlgorithm }) : undefined;
    if (idToken !== undefined) this.secrets.add(idToken);
    const body = this.shapeTokens(
      {
        access_token: this.#secret("access"),
        token_type: "Bearer",
        expires_in: this.expiresIn,
        refresh_token: refreshToken,
        scope: grant.scope,
        id_token: idToken,
      },
      form,
    );
    this.#keepRefreshToken(body, refreshToken, form, grant);
    return this.withholdTokens ? silence() : json(body, { byteOrderMark: this.byteOrderMark });
  }

  /**
   * A response without a refresh token means that the old one stays (RFC 6749 §6).
   * @param {unknown} body
   * @param {string} issued
   * @param {Record<string, string>} form
   * @param {Grant} grant
   */
  #keepRefreshToken(body, issued, form, grant) {
    const sent = typeof body === "object" && body !== null && "refresh_token" in body ? body.refresh_token : undefined;
    if (sent === undefined) {
      this.#refreshTokens.delete(issued);
      if (form.refresh_token !== undefined) this.#refreshTokens.set(form.refresh_token, grant);
    }
  }

  /** @param {RecordedRequest} request */
  #endSession({ query }) {
    this.revokeEverything();
    if (query.post_logout_redirect_uri === undefined) return empty({ status: 204 });
    return redirect(this.#redirectBack(query.post_logout_redirect_uri, { state: query.state }));
  }

  /** @param {string} kind */
  #secret(kind) {
    const value = `${kind}-${randomBytes(24).toString("base64url")}`;
    this.secrets.add(value);
    return value;
  }
}

/**
 * @param {string | undefined} verifier
 * @param {Grant} grant
 */
function verifierFits(verifier, grant) {
  if (grant.codeChallenge === undefined) return verifier === undefined;
  if (verifier === undefined || !/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  const derived =
    grant.codeChallengeMethod === "S256" ? createHash("sha256").update(verifier).digest("base64url") : verifier;
  return derived.length === grant.codeChallenge.length && timingSafeEqual(Buffer.from(derived), Buffer.from(grant.codeChallenge));
}
