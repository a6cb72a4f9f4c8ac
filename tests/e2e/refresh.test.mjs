// @ts-check
// A session that outlives its access token: when it is refreshed, and by whom.
// The pages' clock is moved; nothing waits for an hour.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import * as answers from "../support/answers.mjs";
import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";
import { signedIn } from "../support/signed-in.mjs";

after(closeBrowser);

test("getAccessToken_while_valid_asks_nobody", async (t) => {
  const { tab, session, refreshes } = await signedIn(t);
  assert.equal(await tab.succeeds("getAccessToken"), session.accessToken);
  await tab.moveClock(3000);
  assert.equal(await tab.succeeds("getAccessToken"), session.accessToken);
  assert.equal(refreshes().length, 0);
});

test("getAccessToken_after_expiry_refreshes_with_the_exact_form", async (t) => {
  const { tab, stage, session, refreshes } = await signedIn(t);
  await tab.moveClock(3601);
  const token = await tab.succeeds("getAccessToken");
  assert.notEqual(token, session.accessToken);
  assert.equal(refreshes().length, 1);
  const [{ form, headers }] = refreshes();
  assert.deepEqual(Object.keys(form).sort(), ["client_id", "grant_type", "refresh_token"]);
  assert.equal(form.client_id, "spa");
  assert.match(form.refresh_token, /^refresh-/);
  assert.equal(headers.cookie, undefined);
  assert.equal(stage.server.requestsTo("/token", "OPTIONS").length, 0);
  const refreshed = await tab.succeeds("getSession");
  assert.equal(refreshed.accessToken, token);
  assert.ok(refreshed.expiresAt > (await tab.now()) + 3_500_000);
  assert.equal((await tab.eventsOf("refreshed")).length, 1);
});

test("refresh_each_time_sends_the_token_that_came_last", async (t) => {
  const { tab, stage, refreshes } = await signedIn(t);
  await tab.succeeds("refresh");
  await tab.succeeds("refresh");
  await tab.open("/");
  await tab.create();
  await tab.succeeds("refresh");
  const sent = refreshes().map(({ form }) => form.refresh_token);
  assert.equal(sent.length, 3);
  assert.equal(new Set(sent).size, 3, "no token was used twice");
  assert.deepEqual(await tab.eventsOf("signedOut"), []);
  assert.equal(stage.server.tokenRequests("authorization_code").length, 1);
});

test("refresh_without_a_new_refresh_token_keeps_the_old_one", async (t) => {
  const { tab, stage, refreshes } = await signedIn(t);
  stage.server.shapeTokens = (body) => ({ ...body, refresh_token: undefined });
  await tab.succeeds("refresh");
  const again = await tab.succeeds("refresh");
  assert.equal(again.refreshable, true);
  assert.equal(refreshes()[0].form.refresh_token, refreshes()[1].form.refresh_token);
});

test("refresh_with_a_narrower_scope_shows_what_was_granted", async (t) => {
  const { tab, stage } = await signedIn(t, { config: { autoRefresh: false, scope: "openid profile email" } });
  stage.server.shapeTokens = (body) => ({ ...body, scope: "openid" });
  const session = await tab.succeeds("refresh");
  assert.deepEqual(session.scope, ["openid"]);
});

test("refresh_without_scope_keeps_what_was_granted", async (t) => {
  const { tab, stage, session } = await signedIn(t, { config: { autoRefresh: false, scope: "openid profile" } });
  stage.server.shapeTokens = (body) => ({ ...body, scope: undefined });
  assert.deepEqual((await tab.succeeds("refresh")).scope, session.scope);
});

test("getAccessToken_twenty_at_once_after_expiry_make_one_request", async (t) => {
  const { tab, refreshes } = await signedIn(t);
  await tab.moveClock(3601);
  const outcomes = await tab.together(...Array.from({ length: 20 }, () => /** @type {[string]} */ (["getAccessToken"])));
  for (const outcome of outcomes) assert.equal(outcome.value, outcomes[0].value);
  assert.match(outcomes[0].value, /^access-/);
  assert.equal(refreshes().length, 1);
  assert.equal((await tab.eventsOf("refreshed")).length, 1);
});

test("refresh_and_getAccessToken_at_once_share_one_request", async (t) => {
  const { tab, refreshes } = await signedIn(t);
  await tab.moveClock(3601);
  const outcomes = await tab.together(["refresh"], ["getAccessToken"], ["refresh"], ["getAccessToken", { minValidity: 60 }]);
  const token = outcomes[1].value;
  assert.equal(outcomes[0].value.accessToken, token);
  assert.equal(outcomes[2].value.accessToken, token);
  assert.equal(outcomes[3].value, token);
  assert.equal(refreshes().length, 1);
});

test("getAccessToken_twenty_at_once_share_one_failure", async (t) => {
  const { tab, stage, refreshes } = await signedIn(t);
  await tab.moveClock(3601);
  stage.server.token.next(answers.html({ status: 503 }));
  stage.server.token.always(answers.html({ status: 503 }));
  const outcomes = await tab.together(...Array.from({ length: 20 }, () => /** @type {[string]} */ (["getAccessToken"])));
  for (const outcome of outcomes) {
    assert.equal(outcome.ok, false);
    assert.equal(outcome.error?.retryable, true);
  }
  assert.equal(refreshes().length, 1);
});

test("getAccessToken_minValidity_refreshes_a_token_that_is_too_short", async (t) => {
  const { tab, session, refreshes } = await signedIn(t);
  await tab.moveClock(3300);
  assert.equal(await tab.succeeds("getAccessToken", { minValidity: 200 }), session.accessToken);
  assert.equal(refreshes().length, 0);
  const token = await tab.succeeds("getAccessToken", { minValidity: 400 });
  assert.notEqual(token, session.accessToken);
  assert.equal(refreshes().length, 1);
});

test("getAccessToken_minValidity_longer_than_any_token_refreshes_once_and_gives_it", async (t) => {
  const { tab, refreshes } = await signedIn(t);
  const outcome = await tab.call("getAccessToken", { minValidity: 7200 });
  assert.ok(outcome.ok, "the server gives no longer ones; a fresh token is what there is");
  assert.equal(refreshes().length, 1);
});

test("getAccessToken_without_refresh_token_after_expiry_is_session_ended_and_asks_nobody", async (t) => {
  const stage = await Stage.set(t, { clock: true, config: { autoRefresh: false } });
  stage.server.shapeTokens = (body) => ({ ...body, refresh_token: undefined });
  const { tab } = await stage.signedInTab();
  await tab.moveClock(3601);
  const error = await tab.fails("getAccessToken", "session_ended");
  assert.equal(error.action, "sign_in");
  assert.equal(stage.server.tokenRequests("refresh_token").length, 0);
});

test("session_without_refresh_token_that_runs_out_raises_signedOut_expired", async (t) => {
  const stage = await Stage.set(t, { clock: true });
  stage.server.shapeTokens = (body) => ({ ...body, refresh_token: undefined });
  const { tab } = await stage.signedInTab();
  await tab.moveClock(3700);
  await tab.call("getAccessToken");
  const detail = await tab.waitForEvent("signedOut");
  assert.equal(detail.reason, "expired");
  await tab.moveClock(3700);
  assert.equal((await tab.eventsOf("signedOut")).length, 1);
});

test("autoRefresh_gets_a_new_token_before_the_old_one_runs_out", async (t) => {
  const { tab, session, refreshes } = await signedIn(t, { config: {} });
  // Most of the hour may pass without a word; before its end the new token has to be there.
  await tab.moveClock(1800);
  assert.equal(refreshes().length, 0, "half an hour is too early");
  await tab.moveClock(1795);
  const refreshed = await tab.waitForEvent("refreshed");
  assert.notEqual(refreshed.accessToken, session.accessToken);
  assert.equal(refreshes().length, 1);
  assert.equal(await tab.succeeds("getAccessToken"), refreshed.accessToken);
  await tab.moveClock(3595);
  await tab.waitForEvent("refreshed", 2);
  assert.equal(refreshes().length, 2, "and so on, hour by hour");
});

test("autoRefresh_goes_on_after_a_reload", async (t) => {
  const { tab, refreshes } = await signedIn(t, { config: {} });
  await tab.open("/");
  await tab.create();
  await tab.moveClock(3595);
  await tab.waitForEvent("refreshed");
  assert.equal(refreshes().length, 1);
});

test("autoRefresh_of_a_session_that_ran_out_while_the_page_was_closed_refreshes_at_create", async (t) => {
  const { tab, refreshes } = await signedIn(t, { config: {} });
  await tab.page.goto("about:blank");
  await tab.moveClock(7200);
  await tab.open("/");
  await tab.create();
  assert.match(await tab.succeeds("getAccessToken"), /^access-/);
  assert.equal(refreshes().length, 1);
});

test("autoRefresh_leadTime_is_heeded", async (t) => {
  const { tab, refreshes } = await signedIn(t, { config: { autoRefresh: { leadTime: 600, jitter: 0 } } });
  await tab.moveClock(2990);
  assert.equal(refreshes().length, 0);
  await tab.moveClock(15);
  await tab.waitForEvent("refreshed");
});

test("autoRefresh_off_refreshes_nothing_by_itself", async (t) => {
  const { tab, refreshes } = await signedIn(t);
  await tab.moveClock(3590);
  await tab.moveClock(7200);
  await tab.page.waitForTimeout(200);
  assert.equal(refreshes().length, 0);
});

test("startAutoRefresh_and_stopAutoRefresh_switch_it", async (t) => {
  const { tab, refreshes } = await signedIn(t);
  await tab.succeeds("startAutoRefresh");
  await tab.succeeds("startAutoRefresh");
  await tab.moveClock(3595);
  await tab.waitForEvent("refreshed");
  assert.equal(refreshes().length, 1);
  await tab.succeeds("stopAutoRefresh");
  await tab.moveClock(7200);
  await tab.page.waitForTimeout(200);
  assert.equal(refreshes().length, 1);
});

test("autoRefresh_of_very_short_tokens_does_not_storm_the_server", async (t) => {
  const stage = await Stage.set(t);
  stage.server.expiresIn = 0;
  await stage.signedInTab();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const count = stage.server.tokenRequests("refresh_token").length;
  assert.ok(count <= 3, `${count} refreshes in a second and a half`);
});

test("refresh_in_another_tab_is_adopted_with_storage_local", async (t) => {
  const { tab, stage, session, refreshes } = await signedIn(t, { config: { autoRefresh: false, storage: "local" } });
  const other = await (await stage.tab()).create();
  assert.equal(await other.succeeds("getAccessToken"), session.accessToken, "one session for all tabs");
  await tab.moveClock(3601);
  const token = await tab.succeeds("getAccessToken");
  assert.equal(await other.succeeds("getAccessToken"), token, "what the first tab brought is good enough for the second");
  assert.equal(refreshes().length, 1);
  const [adopted] = await other.eventsOf("refreshed");
  assert.equal(adopted.accessToken, token);
});

test("logout_in_another_tab_is_noticed_at_the_next_refresh_with_storage_local", async (t) => {
  const { tab, stage, refreshes } = await signedIn(t, { config: { autoRefresh: false, storage: "local" } });
  const other = await (await stage.tab()).create();
  await tab.succeeds("logout", { local: true });
  // Pages in processes of their own see each other's localStorage a moment later.
  await other.page.waitForFunction(() => !Object.keys(localStorage).some((key) => key.endsWith(" session")));
  await other.fails("refresh", "no_session");
  assert.equal(refreshes().length, 0);
  assert.equal(await other.succeeds("getSession"), null);
  assert.equal((await other.eventsOf("signedOut"))[0].reason, "logout");
});

test("expired_token_without_expires_in_is_never_thought_expired", async (t) => {
  const stage = await Stage.set(t, { clock: true });
  stage.server.expiresIn = undefined;
  const { tab, session } = await stage.signedInTab();
  await tab.moveClock(365 * 86_400);
  assert.equal(await tab.succeeds("getAccessToken"), session.accessToken);
  assert.equal(stage.server.tokenRequests("refresh_token").length, 0);
});

test("listener_that_throws_harms_neither_the_session_nor_the_others", async (t) => {
  const { tab } = await signedIn(t);
  const heard = await tab.page.evaluate(async () => {
    const { client } = /** @type {any} */ (globalThis).harness;
    const order = /** @type {string[]} */ ([]);
    client.on("refreshed", () => {
      order.push("throws");
      throw new Error("a listener's own fault");
    });
    const off = client.on("refreshed", () => order.push("taken off"));
    client.on("refreshed", () => order.push("hears"));
    off();
    off();
    await client.refresh();
    await new Promise((resolve) => setTimeout(resolve, 0));
    return order;
  });
  assert.deepEqual(heard, ["throws", "hears"]);
  assert.match(await tab.succeeds("getAccessToken"), /^access-/);
});

test("listener_may_call_the_client_while_it_is_told", async (t) => {
  const { tab } = await signedIn(t);
  const seen = await tab.page.evaluate(async () => {
    const { client } = /** @type {any} */ (globalThis).harness;
    const told = new Promise((resolve, reject) => {
      client.on("refreshed", () => {
        client.getAccessToken().then(resolve, reject);
        client.stopAutoRefresh();
        client.startAutoRefresh();
      });
    });
    const session = await client.refresh();
    return [session.accessToken, await told];
  });
  assert.equal(seen[0], seen[1]);
});
