// @ts-check
// oidcc-client-basic-certification-test-plan, and what a code flow without a secret has of it.

import assert from "node:assert/strict";

import { signingKey } from "../../support/signing-keys.mjs";

/** @typedef {import("../../support/misbehaving-server.mjs").MisbehavingServer} MisbehavingServer */

/** @param {import("../../support/conformance.mjs").ShapeClaims} shape */
export const claims = (shape) => (/** @type {MisbehavingServer} */ server) => {
  server.idTokens.announced = [server.idTokens.algorithm];
  server.shapeIdToken = shape;
};

/** @type {import("../../support/conformance.mjs").Plan} */
export const basic = {
  name: "oidcc-client-basic-certification-test-plan",
  modules: [
    {
      name: "oidcc-client-test",
      play: async (scene) => {
        const session = await scene.signIn();
        assert.equal((await scene.userInfo()).sub, session.claims.sub);
        assert.equal(scene.server.tokenRequests().length, 1);
      },
    },
    { name: "oidcc-client-test-invalid-iss", expects: "id_token_issuer", arrange: claims((all) => ({ ...all, iss: "https://issuer.example" })) },
    { name: "oidcc-client-test-missing-sub", expects: "id_token_malformed", arrange: claims((all) => ({ ...all, sub: undefined })) },
    { name: "oidcc-client-test-invalid-aud", expects: "id_token_audience", arrange: claims((all) => ({ ...all, aud: "another client" })) },
    { name: "oidcc-client-test-missing-iat", expects: "id_token_malformed", arrange: claims((all) => ({ ...all, iat: undefined })) },
    {
      name: "oidcc-client-test-kid-absent-single-jwks",
      arrange: ({ idTokens }) => {
        idTokens.namesKey = false;
        idTokens.shapeKeySet = withoutKeyIds;
      },
    },
    {
      // The specification leaves it open; this client tries each key that fits.
      name: "oidcc-client-test-kid-absent-multiple-jwks",
      arrange: ({ idTokens }) => {
        idTokens.namesKey = false;
        idTokens.beside = [signingKey("ES256"), signingKey("RS256", "beside"), signingKey("RS256", "another")];
        idTokens.shapeKeySet = withoutKeyIds;
      },
    },
    {
      name: "oidcc-client-test-idtoken-sig-rs256",
      play: async (scene) => {
        await scene.signIn();
        assert.equal(scene.server.requestsTo("/jwks", "GET").length, 1, "the signature was checked");
      },
    },
    {
      // A client may take it; this one does not.
      name: "oidcc-client-test-idtoken-sig-none",
      expects: "id_token_algorithm",
      arrange: unsigned,
    },
    {
      name: "oidcc-client-test-invalid-sig-rs256",
      expects: "id_token_signature",
      arrange: ({ idTokens }) => {
        idTokens.signature = "flipped";
      },
    },
    {
      name: "oidcc-client-test-userinfo-invalid-sub",
      expects: "userinfo_subject_mismatch",
      by: "userInfo",
      arrange: ({ userinfo }) => {
        userinfo.shapeClaims = (all) => ({ ...all, sub: "mallory" });
      },
      play: async (scene) => {
        await scene.signIn();
        await scene.userInfo();
      },
    },
    { name: "oidcc-client-test-nonce-invalid", expects: "id_token_nonce", arrange: claims((all) => ({ ...all, nonce: "another" })) },
    {
      name: "oidcc-client-test-scope-userinfo-claims",
      config: { scope: "openid profile email phone address" },
      play: async (scene) => {
        await scene.signIn();
        const info = await scene.userInfo();
        assert.equal(info.preferred_username, "alice");
        assert.equal(info.email, "alice@wonderland.example");
        assert.equal(info.phone_number_verified, false);
        assert.deepEqual(info.address, { locality: "Oxford", country: "United Kingdom" });
      },
    },
    { name: "oidcc-client-test-client-secret-basic", notApplicable: "a public client has no secret" },
  ],
};

/** @param {{ keys: any[] }} keySet */
function withoutKeyIds({ keys }) {
  return { keys: keys.map((key) => ({ ...key, kid: undefined })) };
}

/** @param {MisbehavingServer} server */
export function unsigned({ idTokens }) {
  idTokens.algorithm = "none";
  idTokens.announced = ["RS256", "none"];
}
