// @ts-check
// oidcc-client-refreshtoken-test-plan.

import assert from "node:assert/strict";

/** @typedef {import("../../support/misbehaving-server.mjs").MisbehavingServer} MisbehavingServer */

/** @param {Record<string, unknown>} wrong claims of the ID token that comes with a refresh */
const onRefresh = (wrong) => (/** @type {MisbehavingServer} */ server) => {
  server.shapeIdToken = (claims, form) => (form.grant_type === "refresh_token" ? { ...claims, ...wrong } : claims);
};

/** @type {import("../../support/conformance.mjs").Plan} */
export const refresh = {
  name: "oidcc-client-refreshtoken-test-plan",
  play: async (scene) => {
    await scene.signIn();
    await scene.refresh();
  },
  modules: [
    {
      name: "oidcc-client-test-refresh-token",
      play: async (scene) => {
        const session = await scene.signIn();
        const refreshed = await scene.refresh();
        assert.notEqual(refreshed.accessToken, session.accessToken);
        assert.equal((await scene.userInfo()).sub, "alice");
        const [{ headers }] = scene.server.requestsTo("/userinfo", "GET");
        assert.equal(headers.authorization, `Bearer ${refreshed.accessToken}`);
      },
    },
    {
      name: "oidcc-client-test-refresh-token-invalid-issuer",
      expects: "id_token_issuer",
      by: "refresh",
      arrange: onRefresh({ iss: "https://issuer.example" }),
    },
    { name: "oidcc-client-test-refresh-token-invalid-sub", expects: "id_token_subject", by: "refresh", arrange: onRefresh({ sub: "mallory" }) },
  ],
};
