// @ts-check
// fapi2-security-profile-final-client-test-plan as a public client can play it: requests are pushed, tokens are bound by
// DPoP, and the resource server takes nothing else. What is left out is the client's authentication.

import assert from "node:assert/strict";

import { claims } from "./basic.mjs";

const PREFIX = "fapi2-security-profile-final-client-test-";
const JARM = "responses come unsigned; JARM is of the message signing profile";

/** @typedef {import("../../support/conformance.mjs").Scene} Scene */
/** @typedef {import("../../support/conformance.mjs").Module} Module */

/** @param {Scene} scene */
async function happyPath(scene) {
  const session = await scene.signIn();
  assert.equal(session.tokenType, "DPoP");
  assert.equal((await scene.api("/api/accounts")).subject, "alice");
  const { server } = scene;
  assert.deepEqual(Object.keys(server.requestsTo("/authorize")[0].query).sort(), ["client_id", "request_uri"]);
  const proven = server.dpop.proofs.map(({ path }) => path);
  assert.ok(proven.includes("/token") && proven.includes("/api/accounts"), proven.join());
  assert.equal(new Set(server.dpop.proofs.map(({ keyThumbprint }) => keyThumbprint)).size, 1, "one key for all");
  return session;
}

/** @type {Module[]} */
const modules = [
  { name: "happy-path" },
  {
    name: "happy-path-no-dpop-nonce",
    arrange: (server) => server.dpop.noncesAt.clear(),
  },
  {
    name: "discovery-issuer-mismatch",
    expects: "issuer_mismatch",
    by: "create",
    arrange: (server) => {
      server.shapeMetadata = (metadata) => ({ ...metadata, issuer: "https://issuer.example" });
    },
  },
  { name: "invalid-iss", expects: "id_token_issuer", arrange: claims((all) => ({ ...all, iss: `${all.iss}1` })) },
  { name: "invalid-aud", expects: "id_token_audience", arrange: claims((all) => ({ ...all, aud: `${all.aud}1` })) },
  {
    // An audience that this client does not know beside itself, and nobody who says for whom the token is.
    name: "invalid-secondary-aud",
    expects: "id_token_authorized_party",
    arrange: claims((all) => ({ ...all, aud: [all.aud, "https://another.example"] })),
  },
  {
    name: "invalid-null-alg",
    expects: "id_token_algorithm",
    arrange: ({ idTokens }) => {
      idTokens.announced = ["PS256"];
      idTokens.algorithm = "none";
    },
  },
  {
    // A good signature by a published key, but not of the algorithm that the server announces.
    name: "invalid-alternate-alg",
    expects: "id_token_algorithm",
    arrange: ({ idTokens }) => {
      idTokens.announced = ["PS256"];
      idTokens.algorithm = "RS256";
    },
  },
  {
    name: "invalid-expired-exp",
    expects: "id_token_expired",
    arrange: claims((all) => ({ ...all, iat: Number(all.iat) - 7200, exp: Number(all.iat) - 3600 })),
  },
  { name: "invalid-missing-exp", expects: "id_token_malformed", arrange: claims((all) => ({ ...all, exp: undefined })) },
  { name: "invalid-missing-aud", expects: "id_token_malformed", arrange: claims((all) => ({ ...all, aud: undefined })) },
  { name: "invalid-missing-iss", expects: "id_token_malformed", arrange: claims((all) => ({ ...all, iss: undefined })) },
  { name: "valid-aud-as-array", arrange: claims((all) => ({ ...all, aud: [all.aud] })) },
  { name: "invalid-nonce", expects: "id_token_nonce", arrange: claims((all) => ({ ...all, nonce: "another" })) },
  { name: "invalid-missing-nonce", expects: "id_token_nonce", arrange: claims((all) => ({ ...all, nonce: undefined })) },
  {
    name: "invalid-authorization-response-iss",
    expects: "callback_issuer_mismatch",
    arrange: (server) => {
      server.shapeAuthorizationResponse = (parameters) => ({ ...parameters, iss: "https://issuer.example" });
    },
  },
  {
    name: "remove-authorization-response-iss",
    expects: "callback_issuer_missing",
    arrange: (server) => {
      server.shapeAuthorizationResponse = (parameters) => ({ ...parameters, iss: undefined });
    },
  },
  {
    name: "ensure-authorization-response-with-invalid-state-fails",
    expects: "callback_state_unknown",
    arrange: (server) => {
      server.shapeAuthorizationResponse = (parameters) => ({ ...parameters, state: `${parameters.state}1` });
    },
  },
  {
    name: "ensure-authorization-response-with-invalid-missing-state-fails",
    expects: "callback_state_unknown",
    arrange: (server) => {
      server.shapeAuthorizationResponse = (parameters) => ({ ...parameters, state: undefined });
    },
  },
  {
    name: "token-endpoint-response-without-expires_in",
    arrange: (server) => {
      server.shapeTokens = (body) => ({ ...body, expires_in: undefined });
    },
    play: async (scene) => {
      const session = await happyPath(scene);
      assert.equal(session.expiresAt, null);
    },
  },
  {
    name: "token-type-case-insensitivity",
    arrange: ({ dpop }) => {
      dpop.tokenType = "dpOp";
    },
  },
  {
    // The resource server asks for a nonce, and writes the scheme in its own way.
    name: "rs-dpop-auth-scheme-case-insensitivity",
    arrange: ({ dpop }) => {
      dpop.scheme = "dPoP";
    },
    play: async (scene) => {
      await happyPath(scene);
      const statuses = scene.server.requestsTo("/api/accounts", "GET").length;
      assert.equal(statuses, 2, "asked once without the nonce and once with it");
    },
  },
  { name: "happy-path-no-mtls-endpoint-aliases" },
  { name: "invalid-openbanking-intent-id", notApplicable: "of the UK Open Banking profile" },
  ...["without-iss-fails", "with-invalid-iss-fails", "without-aud-fails", "with-invalid-aud-fails", "without-exp-fails", "with-expired-exp-fails", "with-invalid-sig-fails", "signature-is-not-none"].map(
    (name) => ({ name: `ensure-jarm-${name}`, notApplicable: JARM }),
  ),
];

/** @type {import("../../support/conformance.mjs").Plan} */
export const fapi2 = {
  name: "fapi2-security-profile-final-client-test-plan, without the client's authentication",
  config: { dpop: true, par: "auto" },
  arrange: (server) => {
    server.idTokens.algorithm = "PS256";
    server.par.required = true;
    server.dpop.announced = true;
    server.dpop.required = true;
    server.dpop.noncesAt.add("server");
    server.dpop.noncesAt.add("resource");
  },
  play: async (scene) => {
    await happyPath(scene);
  },
  modules: modules.map((module) => ({ ...module, name: PREFIX + module.name })),
};
