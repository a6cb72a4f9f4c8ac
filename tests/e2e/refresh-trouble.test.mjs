// @ts-check
// What trouble does to a session: the network, the server's own errors, and the word that ends it.
// The pages' clock is moved; nothing waits for a retry.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import * as answers from "../support/answers.mjs";
import { closeBrowser } from "../support/browser.mjs";
import { signedIn } from "../support/signed-in.mjs";

after(closeBrowser);

test("network_failure_leaves_the_session_and_recovers", async (t) => {
  const { tab, stage, session } = await signedIn(t, { config: {} });
  await stage.setOffline(true);
  await tab.moveClock(3595);
  const delayed = await tab.waitForEvent("refreshDelayed");
  assert.equal(delayed.error.code, "network");
  assert.equal(delayed.error.retryable, true);
  assert.equal(delayed.attempt, 1);
  assert.ok(delayed.retryAt >= (await tab.now()) - 1000, "the next try is planned");
  assert.equal((await tab.succeeds("getSession")).accessToken, session.accessToken, "the session stands");
  assert.equal(await tab.succeeds("getAccessToken"), session.accessToken, "a valid token is handed out while the network is down");

  await tab.moveClock(60);
  const error = await tab.fails("getAccessToken", "network");
  assert.equal(error.action, "retry");
  assert.deepEqual(await tab.eventsOf("signedOut"), []);

  await stage.setOffline(false);
  await tab.moveClock(600);
  const refreshed = await tab.waitForEvent("refreshed");
  assert.notEqual(refreshed.accessToken, session.accessToken);
  assert.deepEqual(await tab.eventsOf("signedOut"), []);
  assert.equal(await tab.succeeds("getAccessToken"), refreshed.accessToken);
});

test("network_failure_survives_a_reload", async (t) => {
  const { tab, stage, session } = await signedIn(t);
  stage.server.token.always(answers.closedConnection());
  await tab.fails("refresh", "network");
  await tab.open("/");
  await tab.create();
  assert.equal((await tab.succeeds("getSession")).accessToken, session.accessToken);
  stage.server.token.behave();
  assert.notEqual((await tab.succeeds("refresh")).accessToken, session.accessToken);
});

const delays = /** @type {[string, import("../support/answers.mjs").Answer, string][]} */ ([
  ["html_with_500", answers.html({ status: 500 }), "server_unavailable"],
  ["empty_with_503", answers.empty({ status: 503 }), "server_unavailable"],
  ["429", answers.empty({ status: 429 }), "rate_limited"],
]);
for (const [name, answer, code] of delays) {
  test(`refresh_answered_${name}_is_tried_again_until_it_succeeds`, async (t) => {
    const { tab, stage, refreshes } = await signedIn(t, { config: {} });
    stage.server.token.next(answer, 3);
    await tab.moveClock(3595);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const delayed = await tab.waitForEvent("refreshDelayed", attempt);
      assert.equal(delayed.error.code, code);
      assert.equal(delayed.attempt, attempt);
      await tab.moveClock(Math.max(1, (delayed.retryAt - (await tab.now())) / 1000 + 1));
    }
    await tab.waitForEvent("refreshed");
    assert.equal(refreshes().length, 4);
    assert.deepEqual(await tab.eventsOf("signedOut"), []);
  });
}

test("refresh_answered_503_waits_longer_each_time", async (t) => {
  const { tab, stage } = await signedIn(t, { config: {} });
  stage.server.token.always(answers.empty({ status: 503 }));
  await tab.moveClock(3595);
  const waits = [];
  for (let attempt = 1; attempt <= 6; attempt += 1) {
    const delayed = await tab.waitForEvent("refreshDelayed", attempt);
    const at = (await tab.events()).filter(({ type }) => type === "refreshDelayed")[attempt - 1].at;
    waits.push(delayed.retryAt - at);
    await tab.moveClock(waits[attempt - 1] / 1000 + 1);
  }
  assert.ok(waits[0] >= 200, `the first wait is ${waits[0]} ms`);
  assert.ok(Math.max(...waits.slice(3)) > 2 * waits[0], `waits of ${waits.join(", ")} ms`);
});

test("retryAfter_seconds_are_waited_for", async (t) => {
  const { tab, stage, refreshes } = await signedIn(t, { config: {} });
  stage.server.token.next((response) => {
    // Only what CORS lets through can be heeded.
    response.setHeader("access-control-expose-headers", "retry-after");
    answers.empty({ status: 429, headers: { "retry-after": "120" } })(response);
  });
  await tab.moveClock(3590);
  const delayed = await tab.waitForEvent("refreshDelayed");
  assert.equal(delayed.error.code, "rate_limited");
  const wait = delayed.retryAt - (await tab.now());
  assert.ok(wait > 110_000, `the next try is ${wait} ms away`);
  await tab.moveClock(60);
  await tab.page.waitForTimeout(100);
  assert.equal(refreshes().length, 1, "not before its time");
  await tab.moveClock(90);
  await tab.waitForEvent("refreshed");
});

test("invalid_grant_ends_the_session_once", async (t) => {
  const { tab, stage, refreshes } = await signedIn(t, { config: {} });
  stage.server.revokeEverything();
  await tab.moveClock(3595);
  const detail = await tab.waitForEvent("signedOut");
  assert.equal(detail.reason, "session_ended");
  assert.equal(detail.error.code, "session_ended");
  assert.equal(detail.error.oauthError, "invalid_grant");
  assert.equal(detail.error.action, "sign_in");
  await tab.fails("getAccessToken", "session_ended");
  assert.equal(await tab.succeeds("getSession"), null);
  await tab.moveClock(7200);
  await tab.page.waitForTimeout(100);
  assert.equal((await tab.eventsOf("signedOut")).length, 1);
  assert.equal(refreshes().length, 1);
  const stored = JSON.stringify(await tab.stored("sessionStorage"));
  for (const secret of stage.server.secrets) assert.ok(!stored.includes(secret), "nothing of it stays in storage");
});

test("invalid_grant_on_getAccessToken_is_session_ended_for_all_who_asked", async (t) => {
  const { tab, stage, refreshes } = await signedIn(t);
  stage.server.revokeEverything();
  await tab.moveClock(3601);
  const outcomes = await tab.together(["getAccessToken"], ["getAccessToken"], ["refresh"]);
  for (const outcome of outcomes) {
    assert.equal(outcome.error?.code, "session_ended");
    assert.equal(outcome.error?.action, "sign_in");
  }
  assert.equal(refreshes().length, 1);
  assert.equal((await tab.eventsOf("signedOut")).length, 1);
});

test("invalid_grant_then_a_new_login_works", async (t) => {
  const { tab, stage } = await signedIn(t);
  stage.server.revokeEverything();
  await tab.fails("refresh", "session_ended");
  await tab.login();
  await tab.create();
  assert.equal((await tab.succeeds("handleCallback")).session.claims.sub, "alice");
});

const notTheEnd = /** @type {[string, import("../support/answers.mjs").Answer, string][]} */ ([
  ["html_with_200", answers.html(), "token_response_invalid"],
  ["empty_with_200", answers.empty(), "token_response_invalid"],
  ["403_with_a_code_of_its_own", answers.oauthError("tenant_locked", { status: 403 }), "token_request_failed"],
  ["401_invalid_client", answers.oauthError("invalid_client", { status: 401 }), "token_request_failed"],
  ["empty_with_400", answers.empty({ status: 400 }), "token_request_failed"],
]);
for (const [name, answer, code] of notTheEnd) {
  test(`refresh_answered_${name}_is_${code}_and_the_session_stands`, async (t) => {
    // Only invalid_grant, a logout, or running out with nothing to refresh ends a session.
    const { tab, stage, session } = await signedIn(t);
    stage.server.token.next(answer);
    await tab.fails("refresh", code);
    assert.deepEqual(await tab.eventsOf("signedOut"), []);
    assert.equal((await tab.succeeds("getSession")).accessToken, session.accessToken);
    assert.equal(await tab.succeeds("getAccessToken"), session.accessToken);
  });
}

test("refresh_redirected_sends_the_refresh_token_nowhere_else", async (t) => {
  const { tab, stage } = await signedIn(t);
  stage.server.token.always(answers.redirect(stage.server.url("/elsewhere"), 307));
  await tab.fails("refresh", "token_request_failed");
  assert.equal(stage.server.requestsTo("/elsewhere").length, 0);
});
