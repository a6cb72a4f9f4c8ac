// @ts-check
// Signing out, here and at the server, and coming back from there.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";

after(closeBrowser);

/**
 * @param {Stage} stage
 * @param {import("../support/auth-tab.mjs").AuthTab} tab
 */
async function assertForgotten(stage, tab) {
  assert.equal(await tab.succeeds("getSession"), null);
  await tab.fails("getAccessToken", "no_session");
  const stored = JSON.stringify([await tab.stored("sessionStorage"), await tab.stored("localStorage")]);
  for (const secret of stage.server.secrets) assert.ok(!stored.includes(secret), "nothing of the session stays in storage");
}

for (const storage of ["session", "local", "memory"]) {
  test(`logout_local_with_storage_${storage}_forgets_and_goes_nowhere`, async (t) => {
    const stage = await Stage.set(t, { config: { storage } });
    const tab = await (await stage.tab()).create();
    const { url } = await tab.succeeds("createLoginUrl");
    const callback = await fetch(url, { redirect: "manual" }).then((response) => response.headers.get("location"));
    await tab.succeeds("handleCallback", callback);
    const before = tab.page.url();
    const result = await tab.succeeds("logout", { local: true });
    assert.deepEqual(result, { url: null });
    assert.equal(tab.page.url(), before);
    assert.equal(stage.server.requestsTo("/end_session").length, 0);
    const [detail, ...more] = await tab.eventsOf("signedOut");
    assert.equal(detail.reason, "logout");
    assert.equal(detail.error, undefined);
    assert.deepEqual(more, []);
    await assertForgotten(stage, tab);
    await tab.reload();
    await tab.create();
    assert.equal(await tab.succeeds("getSession"), null);
  });
}

test("logout_gives_the_url_of_rp_initiated_logout", async (t) => {
  const stage = await Stage.set(t);
  const { tab, session } = await stage.signedInTab();
  const before = tab.page.url();
  const { url } = await tab.succeeds("logout", { redirect: false });
  const { origin, pathname, searchParams } = new URL(url);
  assert.equal(origin + pathname, stage.server.url("/end_session"));
  assert.deepEqual([...searchParams.keys()].sort(), ["client_id", "id_token_hint", "post_logout_redirect_uri", "state"]);
  assert.equal(searchParams.get("id_token_hint"), session.idToken);
  assert.equal(searchParams.get("client_id"), "spa");
  assert.equal(searchParams.get("post_logout_redirect_uri"), stage.config.postLogoutRedirectUri);
  assert.match(searchParams.get("state") ?? "", /^[A-Za-z0-9_-]{22,}$/);
  assert.equal(tab.page.url(), before, "redirect: false leaves the page where it is");
  await assertForgotten(stage, tab);
});

test("logout_postLogoutRedirectUri_of_the_call_wins", async (t) => {
  const stage = await Stage.set(t);
  const { tab } = await stage.signedInTab();
  const { url } = await tab.succeeds("logout", { redirect: false, postLogoutRedirectUri: `${stage.pages.origin()}/bye` });
  assert.equal(new URL(url).searchParams.get("post_logout_redirect_uri"), `${stage.pages.origin()}/bye`);
});

test("logout_without_a_postLogoutRedirectUri_asks_for_no_way_back", async (t) => {
  const stage = await Stage.set(t, { config: { postLogoutRedirectUri: undefined } });
  const { tab } = await stage.signedInTab();
  const { url } = await tab.succeeds("logout", { redirect: false });
  const { searchParams } = new URL(url);
  assert.equal(searchParams.get("post_logout_redirect_uri"), null);
  assert.equal(searchParams.get("client_id"), "spa");
});

test("logout_where_the_server_has_no_such_endpoint_is_local", async (t) => {
  const stage = await Stage.set(t);
  stage.server.shapeMetadata = (metadata) => ({ ...metadata, end_session_endpoint: undefined });
  const { tab } = await stage.signedInTab();
  assert.deepEqual(await tab.succeeds("logout"), { url: null });
  await assertForgotten(stage, tab);
});

test("logout_leaves_for_the_server_and_comes_back", async (t) => {
  const stage = await Stage.set(t);
  const { tab } = await stage.signedInTab();
  await tab.logout();
  assert.equal(stage.server.requestsTo("/end_session").length, 1);
  assert.ok(new URL(tab.page.url()).searchParams.get("state"));
  await tab.create();
  await tab.succeeds("handleLogoutCallback");
  await assertForgotten(stage, tab);
});

test("logout_when_nobody_is_signed_in_raises_nothing_and_fails_nothing", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  assert.deepEqual(await tab.succeeds("logout", { local: true }), { url: null });
  await tab.succeeds("logout", { redirect: false });
  assert.deepEqual(await tab.eventsOf("signedOut"), []);
});

test("logout_twice_raises_signedOut_once", async (t) => {
  const stage = await Stage.set(t);
  const { tab } = await stage.signedInTab();
  await tab.together(["logout", { local: true }], ["logout", { local: true }]);
  await tab.succeeds("logout", { local: true });
  assert.equal((await tab.eventsOf("signedOut")).length, 1);
});

test("logout_while_a_refresh_is_under_way_stays_signed_out", async (t) => {
  const stage = await Stage.set(t);
  const { tab } = await stage.signedInTab();
  await tab.together(["refresh"], ["logout", { local: true }]);
  await assertForgotten(stage, tab);
  await tab.reload();
  await tab.create();
  assert.equal(await tab.succeeds("getSession"), null, "the late answer did not bring the session back");
});

test("logout_then_handleCallback_of_the_old_address_does_not_sign_in_again", async (t) => {
  const stage = await Stage.set(t);
  const { tab } = await stage.signedInTab();
  const callback = await tab.page.evaluate(() => location.href);
  await tab.succeeds("logout", { local: true });
  const outcome = await tab.call("handleCallback", callback);
  assert.equal(stage.server.tokenRequests().length, 1, "the code was spent before");
  assert.equal(await tab.succeeds("getSession"), null, outcome.ok ? "the kept result is no session any more" : "");
});

/** @param {import("node:test").TestContext} t */
async function loggedOut(t) {
  const stage = await Stage.set(t);
  const { tab } = await stage.signedInTab();
  const { url } = await tab.succeeds("logout", { redirect: false });
  return { stage, tab, state: new URL(url).searchParams.get("state"), back: stage.config.postLogoutRedirectUri };
}

test("handleLogoutCallback_with_the_state_that_was_sent_succeeds", async (t) => {
  const { tab, state, back } = await loggedOut(t);
  await tab.succeeds("handleLogoutCallback", `${back}?state=${state}`);
});

test("handleLogoutCallback_after_a_reload_succeeds", async (t) => {
  const { tab, state, back } = await loggedOut(t);
  await tab.open(`${back}?state=${state}`);
  await tab.create();
  await tab.succeeds("handleLogoutCallback");
});

const foreign = /** @type {[string, string][]} */ ([
  ["missing", ""],
  ["empty", "?state="],
  ["foreign", "?state=foreign"],
]);
for (const [name, query] of foreign) {
  test(`handleLogoutCallback_with_${name}_state_is_logout_state_mismatch`, async (t) => {
    const { tab, back } = await loggedOut(t);
    await tab.fails("handleLogoutCallback", "logout_state_mismatch", `${back}${query}`);
  });
}

test("handleLogoutCallback_nobody_asked_for_is_logout_state_mismatch_and_leaves_the_session", async (t) => {
  const stage = await Stage.set(t);
  const { tab, session } = await stage.signedInTab();
  await tab.fails("handleLogoutCallback", "logout_state_mismatch", `${stage.config.postLogoutRedirectUri}?state=planted`);
  await tab.fails("handleLogoutCallback", "logout_state_mismatch", `${stage.config.postLogoutRedirectUri}`);
  assert.equal((await tab.succeeds("getSession")).accessToken, session.accessToken);
});

test("handleLogoutCallback_with_the_state_of_a_login_is_logout_state_mismatch", async (t) => {
  const { tab, back } = await loggedOut(t);
  const { state } = await tab.succeeds("createLoginUrl");
  await tab.fails("handleLogoutCallback", "logout_state_mismatch", `${back}?state=${state}`);
});
