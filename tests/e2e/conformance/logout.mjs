// @ts-check
// oidcc-client-rp-initiated-logout-rp-basic.

import assert from "node:assert/strict";

/** @type {import("../../support/conformance.mjs").Plan} */
export const logout = {
  name: "oidcc-client-rp-initiated-logout-rp-basic",
  play: async (scene) => {
    const session = await scene.signIn();
    try {
      await scene.logout();
    } finally {
      const [{ query }] = scene.server.requestsTo("/end_session", "GET");
      assert.equal(query.id_token_hint, session.idToken);
      assert.equal(query.post_logout_redirect_uri, scene.stage.config.postLogoutRedirectUri);
      assert.equal(await scene.tab.succeeds("getSession"), null, "the user is signed out, whatever comes back");
    }
  },
  modules: [
    { name: "oidcc-client-test-rp-init-logout" },
    {
      name: "oidcc-client-test-rp-init-logout-other-state",
      expects: "logout_state_mismatch",
      by: "handleLogoutCallback",
      arrange: (server) => {
        server.shapeLogoutResponse = () => ({ state: "another" });
      },
    },
    {
      name: "oidcc-client-test-rp-init-logout-no-state",
      expects: "logout_state_mismatch",
      by: "handleLogoutCallback",
      arrange: (server) => {
        server.shapeLogoutResponse = () => ({});
      },
    },
  ],
};
