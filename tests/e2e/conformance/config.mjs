// @ts-check
// oidcc-client-config-certification-test-plan: the server's metadata and keys.

import assert from "node:assert/strict";

import { unsigned } from "./basic.mjs";

/** @type {import("../../support/conformance.mjs").Plan} */
export const config = {
  name: "oidcc-client-config-certification-test-plan",
  modules: [
    {
      name: "oidcc-client-test-discovery-openid-config",
      play: async (scene) => {
        await scene.signIn();
        assert.ok(scene.server.requestsTo("/.well-known/openid-configuration", "GET").length > 0);
        assert.equal(scene.server.requestsTo("/authorize").length, 1);
      },
    },
    {
      name: "oidcc-client-test-discovery-jwks-uri-keys",
      play: async (scene) => {
        await scene.signIn();
        assert.equal(scene.server.requestsTo("/jwks", "GET").length, 1);
      },
    },
    {
      name: "oidcc-client-test-discovery-issuer-mismatch",
      expects: "issuer_mismatch",
      by: "create",
      arrange: (server) => {
        server.shapeMetadata = (metadata) => ({ ...metadata, issuer: "https://issuer.example" });
      },
    },
    { name: "oidcc-client-test-idtoken-sig-none", expects: "id_token_algorithm", arrange: unsigned },
    {
      name: "oidcc-client-test-signing-key-rotation-just-before-signing",
      // The client has the keys in its memory, the browser in its cache.
      play: async (scene) => {
        scene.server.keySetMaxAge = 3600;
        await scene.signIn();
        scene.server.shapeIdToken = (claims) => {
          scene.server.idTokens.rotate();
          return claims;
        };
        await scene.signInAgainHere();
        assert.equal(scene.server.requestsTo("/jwks", "GET").length, 2);
      },
    },
    {
      name: "oidcc-client-test-signing-key-rotation",
      play: async (scene) => {
        scene.server.keySetMaxAge = 3600;
        await scene.signIn();
        scene.server.idTokens.rotate();
        await scene.signIn();
        assert.ok(scene.server.requestsTo("/jwks", "GET").length >= 2);
      },
    },
  ],
};
