// @ts-check
// Revoking tokens at the server, aloud and as part of a logout.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import * as answers from "../support/answers.mjs";
import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";
import { providerStage } from "../support/provider-stage.mjs";

after(closeBrowser);

/**
 * A tab in which somebody is signed in, at a server that revokes.
 * @param {import("node:test").TestContext} t
 * @param {import("../support/auth-tab.mjs").StageOptions} [options]
 */
async function signedIn(t, options) {
  const stage = await Stage.set(t, options);
  stage.server.revocation.announced = true;
  const { tab, session } = await stage.signedInTab();
  return { stage, tab, session };
}

test("revoke_sends_the_refresh_token_then_the_access_token_and_ends_the_session_in_every_tab", async (t) => {
  const { stage, tab, session } = await signedIn(t, { ownContext: true, config: { storage: "local" } });
  const other = await (await stage.tab()).create();
  assert.equal(await tab.succeeds("revoke"), undefined);
  const sent = stage.server.requestsTo("/revoke", "POST");
  assert.deepEqual(sent.map(({ form }) => form.token_type_hint), ["refresh_token", "access_token"]);
  assert.equal(sent[1].form.token, session.accessToken);
  assert.equal(stage.server.revocation.revoked[0], "refresh_token");
  for (const each of [tab, other]) {
    assert.equal((await each.waitForEvent("signedOut")).reason, "logout");
    assert.equal(await each.succeeds("getSession"), null);
  }
  await tab.fails("revoke", "no_session");
});

test("revoke_that_fails_leaves_the_session_and_may_be_called_again", async (t) => {
  const { stage, tab } = await signedIn(t);
  for (const [answer, code] of /** @type {[import("../support/answers.mjs").Answer, string][]} */ ([
    [answers.empty({ status: 503 }), "server_unavailable"],
    [answers.empty({ status: 429 }), "rate_limited"],
    [answers.closedConnection(), "network"],
    [answers.oauthError("invalid_client", { status: 401 }), "token_request_failed"],
  ])) {
    // Always: where a connection breaks, the browser asks once more by itself.
    stage.server.revocation.always(answer);
    await tab.fails("revoke", code);
    assert.notEqual(await tab.succeeds("getSession"), null);
  }
  stage.server.revocation.behave();
  stage.server.revocation.next(answers.empty());
  stage.server.revocation.next(answers.oauthError("unsupported_token_type"));
  await tab.succeeds("revoke");
  assert.equal(await tab.succeeds("getSession"), null);
});

test("revoke_at_a_server_without_an_endpoint_is_refused", async (t) => {
  const stage = await Stage.set(t);
  const { tab } = await stage.signedInTab();
  await tab.fails("revoke", "metadata_invalid");
  assert.notEqual(await tab.succeeds("getSession"), null);
});

test("logout_that_leaves_the_page_still_revokes_the_refresh_token", async (t) => {
  const { stage, tab } = await signedIn(t);
  await tab.logout();
  await stage.server.received("/revoke");
  assert.deepEqual(stage.server.requestsTo("/revoke", "POST").map(({ form }) => form.token_type_hint), ["refresh_token"]);
  assert.deepEqual(stage.server.revocation.revoked, ["refresh_token"]);
});

test("logout_with_close_right_behind_it_still_revokes", async (t) => {
  const { stage, tab } = await signedIn(t);
  await tab.together(["logout", { local: true }], ["close"]);
  await stage.server.received("/revoke");
  assert.deepEqual(stage.server.revocation.revoked, ["refresh_token"]);
});

test("logout_is_not_kept_by_a_server_that_does_not_revoke", async (t) => {
  for (const answer of [answers.silence(), answers.closedConnection(), answers.empty({ status: 500 })]) {
    const { stage, tab } = await signedIn(t);
    stage.server.revocation.always(answer);
    const { url } = await tab.succeeds("logout", { redirect: false });
    assert.ok(url);
    assert.equal(await tab.succeeds("getSession"), null);
    assert.deepEqual(await tab.unhandled(), []);
  }
});

test("revoke_at_oidc_provider_makes_the_tokens_worth_nothing", async (t) => {
  const stage = await providerStage(t, { lifetime: 60 });
  const { tab, session } = await stage.signedInTab();
  const me = (/** @type {string} */ token) => fetch(`${stage.server.issuer}/me`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await me(session.accessToken)).status, 200);
  await tab.succeeds("revoke");
  assert.equal((await me(session.accessToken)).status, 401);
  assert.equal((await tab.eventsOf("signedOut"))[0].reason, "logout");
});
