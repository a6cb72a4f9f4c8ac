// @ts-check
// The token endpoint: codes, refresh tokens, token exchange (RFC 8693) and whatever grant a test adds. It holds each
// request to PKCE, to DPoP where a proof was sent, and to the resources (RFC 8707) and the scope that were granted.

import { createHash, timingSafeEqual } from "node:crypto";

import { json, oauthError, silence } from "./answers.mjs";
import { ScriptedEndpoint } from "./scripted-endpoint.mjs";

/**
 * @typedef {import("./answers.mjs").Answer} Answer
 * @typedef {import("./grants.mjs").Grant} Grant
 * @typedef {import("./misbehaving-server.mjs").RecordedRequest} RecordedRequest
 * @typedef {import("./misbehaving-server.mjs").MisbehavingServer} MisbehavingServer
 */

const ID_TOKEN_LIFETIME = 3600;
export const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";

export class TokenEndpoint extends ScriptedEndpoint {
  /** Grants of the test's own, by grant_type. @type {Record<string, (request: RecordedRequest) => Answer>} */
  grantTypes = {};
  #server;

  /** @param {MisbehavingServer} server */
  constructor(server) {
    super();
    this.#server = server;
  }

  /** @param {RecordedRequest} request */
  answer(request) {
    const proof = this.#server.dpop.atServer(request);
    if (proof.refusal) return proof.refusal;
    return this.#server.dpop.sendOff("server", this.#granted(request, proof.keyThumbprint));
  }

  /**
   * @param {RecordedRequest} request
   * @param {string | undefined} keyThumbprint
   */
  #granted(request, keyThumbprint) {
    const type = request.form.grant_type ?? "";
    if (Object.hasOwn(this.grantTypes, type)) return this.grantTypes[type](request);
    switch (type) {
      case "authorization_code":
        return this.#ofCode(request, keyThumbprint);
      case "refresh_token":
        return this.#ofRefreshToken(request, keyThumbprint);
      case TOKEN_EXCHANGE:
        return this.#exchange(request, keyThumbprint);
      default:
        return oauthError("unsupported_grant_type");
    }
  }

  /**
   * @param {RecordedRequest} request
   * @param {string | undefined} keyThumbprint
   */
  #ofCode(request, keyThumbprint) {
    const { form } = request;
    const grant = this.#server.grants.spendCode(form.code);
    if (grant === undefined) return oauthError("invalid_grant", { description: "unknown or spent code" });
    if (form.client_id !== grant.clientId) return oauthError("invalid_client", { status: 401 });
    if (form.redirect_uri !== grant.redirectUri) return oauthError("invalid_grant", { description: "redirect_uri" });
    if (!verifierFits(form.code_verifier, grant)) return oauthError("invalid_grant", { description: "code_verifier" });
    if (grant.keyThumbprint !== undefined && grant.keyThumbprint !== keyThumbprint) {
      return oauthError("invalid_dpop_proof", { description: "the code is bound to another key" });
    }
    const refusal = excess(grant, request);
    if (refusal !== null) return refusal;
    // RFC 9449 §5: a public client's refresh token is bound to the key as well.
    return this.#tokens({ ...grant, keyThumbprint }, request);
  }

  /**
   * @param {RecordedRequest} request
   * @param {string | undefined} keyThumbprint
   */
  #ofRefreshToken(request, keyThumbprint) {
    const { form } = request;
    const { grants } = this.#server;
    const grant = grants.ofRefreshToken(form.refresh_token);
    if (grant === undefined) {
      this.#server.refused += 1;
      return oauthError("invalid_grant", { description: "unknown or used refresh token" });
    }
    if (form.client_id !== grant.clientId) return oauthError("invalid_client", { status: 401 });
    if (grant.keyThumbprint !== keyThumbprint) return oauthError("invalid_grant", { description: "bound to another key" });
    const refusal = excess(grant, request);
    if (refusal !== null) return refusal;
    if (!this.#server.forgiving) grants.forgetRefreshToken(form.refresh_token);
    return this.#tokens(grant, request);
  }

  /**
   * @param {Grant} grant
   * @param {RecordedRequest} request
   */
  #tokens(grant, { form, fields }) {
    const server = this.#server;
    const audience = fields.has("resource") ? fields.getAll("resource") : grant.resources;
    const scope = form.scope ?? grant.scope;
    const refreshToken = server.grants.newRefreshToken(grant);
    const accessToken = this.#newAccessToken({ grant, clientId: grant.clientId, scope, audience, keyThumbprint: grant.keyThumbprint });
    const idToken = grant.scope.split(" ").includes("openid") ? this.#idToken(grant, form, accessToken) : undefined;
    if (idToken !== undefined) server.secrets.add(idToken);
    const body = server.shapeTokens(
      {
        access_token: accessToken,
        token_type: grant.keyThumbprint === undefined ? "Bearer" : server.dpop.tokenType,
        expires_in: server.expiresIn,
        refresh_token: refreshToken,
        scope,
        id_token: idToken,
      },
      form,
    );
    this.#keepRefreshToken(body, refreshToken, form, grant);
    return server.withholdTokens ? silence() : json(body, { byteOrderMark: server.byteOrderMark });
  }

  /** @param {{ grant: Grant | null, clientId: string, scope: string, audience: string[], keyThumbprint: string | undefined }} token */
  #newAccessToken(token) {
    const lifetime = typeof this.#server.expiresIn === "number" ? this.#server.expiresIn : Infinity;
    return this.#server.grants.newAccessToken({ ...token, subject: "alice", expiresAt: this.#server.now() + lifetime });
  }

  /**
   * @param {Grant} grant
   * @param {Record<string, string>} form
   * @param {string} accessToken
   */
  #idToken(grant, form, accessToken) {
    const server = this.#server;
    const now = Math.floor(server.now());
    const first = form.grant_type === "authorization_code";
    const claims = server.shapeIdToken(
      {
        iss: server.issuer,
        sub: "alice",
        aud: grant.clientId,
        iat: now,
        exp: now + ID_TOKEN_LIFETIME,
        ...(first && grant.nonce !== undefined ? { nonce: grant.nonce } : {}),
        // OIDC Core §2: required where max_age was asked for.
        ...(grant.maxAge === undefined ? {} : { auth_time: grant.authTime }),
        ...server.idTokens.hashClaims({ accessToken, code: form.code }),
        name: "Alice Liddell",
      },
      form,
    );
    return server.idTokens.issue(claims);
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
    if (sent !== undefined) return;
    this.#server.grants.forgetRefreshToken(issued);
    if (form.refresh_token !== undefined) this.#server.grants.keepRefreshToken(form.refresh_token, grant);
  }

  /**
   * RFC 8693 §2.
   * @param {RecordedRequest} request
   * @param {string | undefined} keyThumbprint
   */
  #exchange({ form, fields }, keyThumbprint) {
    const subject = this.#server.grants.ofAccessToken(form.subject_token);
    if (subject === undefined) return oauthError("invalid_request", { description: "subject_token" });
    if (form.subject_token_type !== ACCESS_TOKEN_TYPE) return oauthError("invalid_request", { description: "subject_token_type" });
    if (form.client_id !== subject.clientId) return oauthError("invalid_client", { status: 401 });
    const scope = form.scope ?? subject.scope;
    const audience = [...fields.getAll("resource"), ...fields.getAll("audience")];
    const accessToken = this.#newAccessToken({ grant: null, clientId: form.client_id, scope, audience, keyThumbprint });
    return json({
      access_token: accessToken,
      issued_token_type: ACCESS_TOKEN_TYPE,
      token_type: keyThumbprint === undefined ? "Bearer" : this.#server.dpop.tokenType,
      expires_in: this.#server.expiresIn,
      scope,
    });
  }
}

/**
 * More is asked for than was granted: a resource (RFC 8707 §2.2) or a scope (RFC 6749 §6).
 * @param {Grant} grant
 * @param {RecordedRequest} request
 */
function excess(grant, { form, fields }) {
  const asksElse = (/** @type {string[]} */ asked, /** @type {string[]} */ granted) => asked.some((name) => !granted.includes(name));
  if (grant.resources.length > 0 && asksElse(fields.getAll("resource"), grant.resources)) return oauthError("invalid_target");
  if (form.scope !== undefined && asksElse(form.scope.split(" "), grant.scope.split(" "))) return oauthError("invalid_scope");
  return null;
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
