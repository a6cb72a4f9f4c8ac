// @ts-check
// An authorization server that keeps to the specifications until a test tells it not to. It signs everybody in at
// once, holds codes to PKCE and to one use, rotates refresh tokens, and records each request it gets. What it does beside
// codes and tokens is in files of their own: id-token, userinfo, par, dpop, revocation, protected-resource.

import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import { empty, html, json, oauthError, redirect, withHeaders } from "./answers.mjs";
import { DpopVerifier } from "./dpop.mjs";
import { Grants } from "./grants.mjs";
import { IdTokenIssuer } from "./id-token.mjs";
import { PushedRequests } from "./par.mjs";
import { ProtectedResource } from "./protected-resource.mjs";
import { Revocation } from "./revocation.mjs";
import { ScriptedEndpoint } from "./scripted-endpoint.mjs";
import { TokenEndpoint } from "./token-endpoint.mjs";
import { Userinfo } from "./userinfo.mjs";

/**
 * @typedef {object} RecordedRequest
 * @property {string} method
 * @property {string} path
 * @property {string} url without its query
 * @property {Record<string, string>} query
 * @property {URLSearchParams} search the query with what is there more than once
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {string} body
 * @property {Record<string, string>} form
 * @property {URLSearchParams} fields the form with what is there more than once
 * @property {number} at
 */
/** @typedef {Record<string, string | undefined>} Parameters */

export class MisbehavingServer {
  discovery = new ScriptedEndpoint();
  /** RFC 8414's document; absent, as on most OpenID providers, until a test scripts it. */
  oauthMetadata = new ScriptedEndpoint();
  authorization = new ScriptedEndpoint();
  token = new TokenEndpoint(this);
  jwks = new ScriptedEndpoint();
  endSession = new ScriptedEndpoint();
  par = new PushedRequests(this);
  userinfo = new Userinfo(this);
  revocation = new Revocation(this);
  /** At /api and below. */
  api = new ProtectedResource(this);
  dpop = new DpopVerifier(() => this.now());
  idTokens = new IdTokenIssuer();
  grants = new Grants();

  /** @type {RecordedRequest[]} */
  requests = [];

  /** What discovery says. @type {(metadata: Record<string, unknown>) => unknown} */
  shapeMetadata = (metadata) => metadata;
  /** The redirect back from the authorization endpoint. @type {(parameters: Parameters) => Parameters} */
  shapeAuthorizationResponse = (parameters) => parameters;
  /** The redirect back from the end of the session. @type {(parameters: Parameters) => Parameters} */
  shapeLogoutResponse = (parameters) => parameters;
  /** The good token response. @type {(body: Record<string, unknown>, form: Record<string, string>) => unknown} */
  shapeTokens = (body) => body;
  /** @type {(claims: Record<string, unknown>, form: Record<string, string>) => Record<string, unknown>} */
  shapeIdToken = (claims) => claims;
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
  /** Seconds for which browsers may keep the key set; null where they may not at all. @type {number | null} */
  keySetMaxAge = null;
  /** What pages of other origins may read of its answers. */
  exposedHeaders = ["DPoP-Nonce", "WWW-Authenticate"];
  /** RFC 8705 §5: the metadata names endpoints that only clients with certificates may use. */
  announcesMtlsAliases = false;
  /** Seconds that its clock is ahead of this machine's; a test that moves the pages' clock moves this one along. */
  clockAhead = 0;

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

  /** Everything that must never show: codes, tokens, verifiers. */
  get secrets() {
    return this.grants.secrets;
  }

  /** Seconds, by its own clock. */
  now() {
    return Date.now() / 1000 + this.clockAhead;
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
      code_challenge_methods_supported: ["S256"],
      grant_types_supported: ["authorization_code", "refresh_token"],
      token_endpoint_auth_methods_supported: ["none"],
      authorization_response_iss_parameter_supported: true,
      ...this.idTokens.metadata(),
      ...this.userinfo.metadata(),
      ...this.par.metadata(),
      ...this.dpop.metadata(),
      ...this.revocation.metadata(),
      ...(this.announcesMtlsAliases ? { mtls_endpoint_aliases: this.#mtlsAliases() } : {}),
    };
  }

  #mtlsAliases() {
    const names = { token: "token", userinfo: "userinfo", revocation: "revoke", pushed_authorization_request: "par" };
    return Object.fromEntries(Object.entries(names).map(([name, path]) => [`${name}_endpoint`, this.url(`/mtls/${path}`)]));
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
    this.grants.forgetRefreshTokens();
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
    const fields = new URLSearchParams(isForm ? body : "");
    const recorded = {
      method: request.method ?? "",
      path: url.pathname,
      url: this.url(url.pathname),
      query: Object.fromEntries(url.searchParams),
      search: url.searchParams,
      headers: request.headers,
      body,
      form: Object.fromEntries(fields),
      fields,
      at: Date.now(),
    };
    this.requests.push(recorded);
    for (const name of ["code_verifier", "subject_token", "actor_token"]) {
      if (recorded.form[name] !== undefined) this.secrets.add(recorded.form[name]);
    }
    this.#arrivals.emit("request");

    if (request.headers.origin !== undefined) {
      // Credentials are never allowed: a request that carries cookies fails in the browser as it would in the field.
      response.setHeader("access-control-allow-origin", request.headers.origin);
      response.setHeader("vary", "origin");
      response.setHeader("access-control-expose-headers", this.exposedHeaders.join(", "));
    }
    if (request.method === "OPTIONS") {
      empty({
        status: 204,
        headers: {
          "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
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
        return (request) => this.token.take() ?? this.token.answer(request);
      case "/jwks":
        return () => this.jwks.take() ?? this.#keySet();
      case "/par":
        return (request) => this.par.take() ?? this.par.answer(request);
      case "/userinfo":
        return (request) => this.userinfo.take() ?? this.userinfo.answer(request);
      case "/revoke":
        return (request) => this.revocation.take() ?? this.revocation.answer(request);
      case "/end_session":
        return (request) => this.endSession.take() ?? this.#endSession(request);
      default:
        if (path.startsWith("/mtls/")) return () => oauthError("invalid_client", { description: "no certificate", status: 401 });
        return /^\/api(\/|$)/.test(path) ? (request) => this.api.take() ?? this.api.answer(request) : null;
    }
  }

  #keySet() {
    const headers = this.keySetMaxAge === null ? undefined : { "cache-control": `max-age=${this.keySetMaxAge}` };
    return json(this.idTokens.keySet(), { headers });
  }

  /** @param {RecordedRequest} request */
  #authorize({ search }) {
    const request = this.par.resolve(search);
    // RFC 6749 §4.1.2.1: where it is not known who asks, nobody is redirected.
    if (request === null) return html({ status: 400 });
    const asked = (/** @type {string} */ name) => request.parameters.get(name) ?? undefined;
    const redirectUri = asked("redirect_uri") ?? "";
    const code = this.grants.newCode({
      clientId: asked("client_id") ?? "",
      redirectUri,
      scope: asked("scope") ?? "",
      nonce: asked("nonce"),
      codeChallenge: asked("code_challenge"),
      codeChallengeMethod: asked("code_challenge_method") ?? "plain",
      resources: request.parameters.getAll("resource"),
      maxAge: asked("max_age"),
      authTime: Math.floor(this.now()),
      keyThumbprint: request.keyThumbprint,
    });
    const parameters = this.shapeAuthorizationResponse({ code, state: asked("state"), iss: this.issuer });
    // A cookie on the server's host: a client that sends credentials along gives itself away.
    const cookie = { "set-cookie": "as_session=signed-in; Path=/; HttpOnly" };
    return withHeaders(redirect(this.#redirectBack(redirectUri, parameters)), cookie);
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
  #endSession({ query }) {
    this.revokeEverything();
    if (query.post_logout_redirect_uri === undefined) return empty({ status: 204 });
    return redirect(this.#redirectBack(query.post_logout_redirect_uri, this.shapeLogoutResponse({ state: query.state })));
  }
}
