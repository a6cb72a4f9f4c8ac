// @ts-check
// Tokens for several resources (RFC 8707) from a real authorization server, which rotates refresh tokens: one that was
// presented twice would end the session.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import { closeBrowser } from "../support/browser.mjs";
import { providerStage } from "../support/provider-stage.mjs";

after(closeBrowser);

const NOTES = "https://notes.example/";
const MAIL = "https://mail.example/";

/** @param {import("node:test").TestContext} t */
const resourceStage = (t) =>
  providerStage(t, {
    lifetime: 60,
    resources: { [NOTES]: { scope: "notes:read notes:write" }, [MAIL]: { scope: "mail:read" } },
    config: { resource: [NOTES, MAIL], scope: "openid offline_access notes:read notes:write mail:read", autoRefresh: false },
  });

/** What the server has written down about an access token. @param {any} stage @param {string} token */
async function purposeOf(stage, token) {
  const { aud, scope } = await stage.server.provider.AccessToken.find(token);
  return { aud, scope };
}

/** @param {any} stage @returns {string[]} */
const refreshesOf = (stage) =>
  stage.server.tokenRequests.entries
    .filter((/** @type {any} */ { grantType }) => grantType === "refresh_token")
    .map((/** @type {any} */ { outcome }) => outcome);

describe("resources", { concurrency: 2 }, () => {
  test("resources_asked_for_at_once_each_get_a_token_of_their_audience_and_keep_it", async (t) => {
    const stage = await resourceStage(t);
    const { tab, session } = await stage.signedInTab();
    const asked = [{ resource: NOTES }, { resource: MAIL }, { resource: NOTES, scope: "notes:read" }, { resource: MAIL }];
    const outcomes = await tab.together(...asked.map((options) => /** @type {[string, object]} */ (["getAccessToken", options])));
    const tokens = outcomes.map(({ value }) => value);
    assert.equal(tokens[1], tokens[3]);
    assert.deepEqual(await Promise.all(tokens.slice(0, 3).map((token) => purposeOf(stage, token))), [
      { aud: NOTES, scope: "notes:read notes:write" },
      { aud: MAIL, scope: "mail:read" },
      { aud: NOTES, scope: "notes:read" },
    ]);
    assert.equal(await tab.succeeds("getAccessToken", { resource: MAIL }), tokens[1]);
    assert.equal(await tab.succeeds("getAccessToken"), session.accessToken, "the session's own token stays");
    assert.deepEqual(refreshesOf(stage), ["success", "success", "success"]);
  });

  test("refresh_token_that_a_resource_brought_serves_the_other_tab_and_a_reload", async (t) => {
    const stage = await resourceStage(t);
    const { tab } = await stage.signedInTab();
    const other = await (await stage.tab()).create();
    await tab.succeeds("getAccessToken", { resource: MAIL });
    const there = await other.succeeds("getAccessToken", { resource: MAIL });
    assert.equal((await purposeOf(stage, there)).aud, MAIL);
    await tab.succeeds("refresh");
    await (await other.reload()).create();
    await other.succeeds("refresh");
    assert.deepEqual(refreshesOf(stage), ["success", "success", "success", "success"]);
  });

  // Not a resource that the server does not know: oidc-provider has spent the refresh token by the time it refuses one.
  test("scope_that_was_not_granted_is_refused_in_the_servers_words_and_the_session_stands", async (t) => {
    const stage = await resourceStage(t);
    const { tab } = await stage.signedInTab();
    const error = await tab.fails("getAccessToken", "token_request_failed", { resource: MAIL, scope: "mail:delete" });
    assert.equal(error.oauthError, "invalid_scope");
    assert.deepEqual(await tab.eventsOf("refreshDelayed"), []);
    await tab.succeeds("refresh");
    await tab.succeeds("getAccessToken", { resource: MAIL });
  });

  test("resource_or_scope_that_is_no_text_is_invalid_config", async (t) => {
    const stage = await resourceStage(t);
    const { tab } = await stage.signedInTab();
    for (const options of [{ resource: "" }, { scope: "" }, { resource: [NOTES] }, { scope: 7 }]) {
      await tab.fails("getAccessToken", "invalid_config", options);
    }
    assert.deepEqual(refreshesOf(stage), []);
  });
});
