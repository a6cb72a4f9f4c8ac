// @ts-check
// What the server says of the user.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import * as answers from "../support/answers.mjs";
import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";
import { providerStage } from "../support/provider-stage.mjs";
import { signedIn } from "../support/signed-in.mjs";

after(closeBrowser);

test("userinfo_of_the_user_is_a_plain_object_asked_for_with_the_token_in_the_header", async (t) => {
  const stage = await Stage.set(t, { config: { scope: "openid email" } });
  const { tab, session } = await stage.signedInTab();
  const claims = await tab.succeeds("userInfo");
  assert.deepEqual(claims, { sub: "alice", email: "alice@wonderland.example", email_verified: true });
  const [request] = stage.server.requestsTo("/userinfo", "GET");
  assert.equal(request.headers.authorization, `Bearer ${session.accessToken}`);
  assert.deepEqual([request.query, request.headers.cookie], [{}, undefined]);
});

test("userinfo_with_a_token_that_has_run_out_is_asked_for_after_one_refresh", async (t) => {
  const { stage, tab, refreshes } = await signedIn(t);
  await tab.moveClock(2 * 3600);
  assert.equal((await tab.succeeds("userInfo")).sub, "alice");
  assert.equal(refreshes().length, 1);
  assert.equal(stage.server.requestsTo("/userinfo", "GET").length, 1);
});

test("userinfo_that_is_refused_is_asked_for_once_more_after_one_refresh", async (t) => {
  const { stage, tab, refreshes } = await signedIn(t);
  const refusal = answers.challenge("Bearer", { error: "invalid_token" });
  stage.server.userinfo.next(refusal);
  assert.equal((await tab.succeeds("userInfo")).sub, "alice");
  assert.equal(refreshes().length, 1);
  stage.server.userinfo.next(refusal, 2);
  assert.equal((await tab.fails("userInfo", "token_request_failed")).status, 401);
  assert.equal(stage.server.requestsTo("/userinfo", "GET").length, 4);
  assert.notEqual(await tab.succeeds("getSession"), null);
});

test("userinfo_of_somebody_else_or_of_nobody_is_refused", async (t) => {
  const stage = await Stage.set(t);
  const { tab } = await stage.signedInTab();
  for (const sub of ["eve", undefined, 7]) {
    stage.server.userinfo.shapeClaims = (claims) => ({ ...claims, sub });
    await tab.fails("userInfo", "userinfo_subject_mismatch");
  }
});

test("userinfo_that_cannot_be_read_is_refused_by_its_reason", async (t) => {
  const stage = await Stage.set(t);
  const { tab } = await stage.signedInTab();
  stage.server.userinfo.signed = true;
  await tab.fails("userInfo", "metadata_invalid");
  for (const [answer, code] of /** @type {[import("../support/answers.mjs").Answer, string][]} */ ([
    [answers.html(), "metadata_invalid"],
    [answers.empty({ status: 503 }), "server_unavailable"],
    [answers.empty({ status: 429 }), "rate_limited"],
    [answers.challenge("Bearer", { error: "insufficient_scope" }, { status: 403 }), "token_request_failed"],
    [answers.closedConnection(), "network"],
  ])) {
    // Always: where a connection breaks, the browser asks once more by itself.
    stage.server.userinfo.always(answer);
    await tab.fails("userInfo", code);
  }
});

test("userinfo_without_a_session_or_an_endpoint_is_refused", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  await tab.fails("userInfo", "no_session");
  stage.server.shapeMetadata = (metadata) => ({ ...metadata, userinfo_endpoint: undefined });
  const { tab: other } = await stage.signedInTab();
  await other.fails("userInfo", "metadata_invalid");
});

test("userinfo_at_oidc_provider_is_the_accounts", async (t) => {
  const stage = await providerStage(t, { lifetime: 60, config: { scope: "openid email" } });
  const { tab, session } = await stage.signedInTab();
  const claims = await tab.succeeds("userInfo");
  assert.deepEqual([claims.sub, claims.email], [session.claims.sub, "pixie@pixie-auth.test"]);
});
