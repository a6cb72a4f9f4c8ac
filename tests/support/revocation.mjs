// @ts-check
// Token revocation, RFC 7009.

import { empty, oauthError } from "./answers.mjs";
import { ScriptedEndpoint } from "./scripted-endpoint.mjs";

export class Revocation extends ScriptedEndpoint {
  /** The metadata names the endpoint. */
  announced = false;
  /** What was revoked, in order; null for a token that the server did not know. @type {("refresh_token" | "access_token" | null)[]} */
  revoked = [];
  #server;

  /** @param {import("./misbehaving-server.mjs").MisbehavingServer} server */
  constructor(server) {
    super();
    this.#server = server;
  }

  metadata() {
    return this.announced ? { revocation_endpoint: this.#server.url("/revoke") } : {};
  }

  /** @param {import("./misbehaving-server.mjs").RecordedRequest} request */
  answer({ form, method }) {
    if (method !== "POST" || !form.token) return oauthError("invalid_request", { description: "token" });
    if (!form.client_id) return oauthError("invalid_client", { status: 401 });
    // §2.2: a token that is not known is answered like one that is.
    this.revoked.push(this.#server.grants.revoke(form.token));
    return empty();
  }
}
