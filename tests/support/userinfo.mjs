// @ts-check
// The userinfo endpoint, OIDC Core §5.3: the claims that the token's scope asks for, as JSON or as a signed JWT.

import { challenge, json, text } from "./answers.mjs";
import { authenticate } from "./protected-resource.mjs";
import { ScriptedEndpoint } from "./scripted-endpoint.mjs";

/** OIDC Core §5.4. */
const CLAIMS_OF_SCOPE = /** @type {Record<string, Record<string, unknown>>} */ ({
  profile: { name: "Alice Liddell", preferred_username: "alice", locale: "en-GB" },
  email: { email: "alice@wonderland.example", email_verified: true },
  phone: { phone_number: "+44 1865 276150", phone_number_verified: false },
  address: { address: { locality: "Oxford", country: "United Kingdom" } },
});

export class Userinfo extends ScriptedEndpoint {
  /** @type {(claims: Record<string, unknown>) => unknown} */
  shapeClaims = (claims) => claims;
  /** §5.3.2: as application/jwt, signed as ID tokens are. */
  signed = false;
  #server;

  /** @param {import("./misbehaving-server.mjs").MisbehavingServer} server */
  constructor(server) {
    super();
    this.#server = server;
  }

  metadata() {
    return { userinfo_endpoint: this.#server.url("/userinfo") };
  }

  /** @param {import("./misbehaving-server.mjs").RecordedRequest} request */
  answer(request) {
    const { token, refusal } = authenticate(this.#server, request);
    if (refusal) return refusal;
    const scopes = token.scope.split(" ");
    if (!scopes.includes("openid")) return challenge("Bearer", { error: "insufficient_scope" }, { status: 403 });
    const claims = this.shapeClaims(Object.assign({ sub: token.subject }, ...scopes.map((scope) => CLAIMS_OF_SCOPE[scope])));
    return this.#server.dpop.sendOff("resource", this.signed ? this.#asJwt(claims, token.clientId) : json(claims));
  }

  /**
   * @param {unknown} claims
   * @param {string} clientId
   */
  #asJwt(claims, clientId) {
    const payload = typeof claims === "object" ? { iss: this.#server.issuer, aud: clientId, ...claims } : claims;
    return text(this.#server.idTokens.issue(payload), { type: "application/jwt" });
  }
}
