// @ts-check
// Redirects back that are foreign, repeated, refused, or come to another tab.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import * as answers from "../support/answers.mjs";
import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";

after(closeBrowser);

/**
 * Goes to the authorization endpoint and comes back with a response of the test's making.
 * @param {import("node:test").TestContext} t
 * @param {(parameters: Record<string, string | undefined>) => Record<string, string | undefined>} shape
 */
async function returned(t, shape) {
  const stage = await Stage.set(t);
  stage.server.shapeAuthorizationResponse = shape;
  const tab = await (await stage.tab()).create();
  await tab.login({ appState: "kept" });
  await tab.create();
  return { stage, tab };
}

/**
 * @param {import("node:test").TestContext} t
 * @param {string} code
 * @param {(parameters: Record<string, string | undefined>) => Record<string, string | undefined>} shape
 */
async function refused(t, code, shape) {
  const { stage, tab } = await returned(t, shape);
  const error = await tab.fails("handleCallback", code);
  assert.equal(stage.server.tokenRequests().length, 0, "the code went nowhere");
  assert.equal(await tab.succeeds("getSession"), null);
  assert.deepEqual(await tab.events(), []);
  return { stage, tab, error };
}

test("callback_foreign_state_is_callback_state_unknown", async (t) => {
  await refused(t, "callback_state_unknown", (parameters) => ({ ...parameters, state: "foreign" }));
});

test("callback_missing_state_is_callback_state_unknown", async (t) => {
  await refused(t, "callback_state_unknown", (parameters) => ({ ...parameters, state: undefined }));
});

test("callback_empty_state_is_callback_state_unknown", async (t) => {
  await refused(t, "callback_state_unknown", (parameters) => ({ ...parameters, state: "" }));
});

test("callback_state_that_is_a_name_of_objects_prototype_is_callback_state_unknown", async (t) => {
  await refused(t, "callback_state_unknown", (parameters) => ({ ...parameters, state: "__proto__" }));
});

test("callback_nobody_asked_for_is_callback_state_unknown", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  await tab.fails("handleCallback", "callback_state_unknown", `${stage.config.redirectUri}?code=planted&state=planted`);
  assert.equal(stage.server.tokenRequests().length, 0);
});

test("callback_address_without_any_response_is_callback_invalid", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  await tab.fails("handleCallback", "callback_invalid");
});

test("callback_state_without_code_or_error_is_callback_invalid", async (t) => {
  await refused(t, "callback_invalid", (parameters) => ({ ...parameters, code: undefined }));
});

test("callback_error_access_denied_is_authorization_failed", async (t) => {
  const { error } = await refused(t, "authorization_failed", ({ state, iss }) => ({
    error: "access_denied",
    error_description: "The user said no.",
    state,
    iss,
  }));
  assert.equal(error.oauthError, "access_denied");
  assert.equal(error.oauthErrorDescription, "The user said no.");
});

test("callback_error_of_a_foreign_state_is_callback_state_unknown", async (t) => {
  const { error } = await refused(t, "callback_state_unknown", ({ iss }) => ({ error: "access_denied", state: "foreign", iss }));
  assert.equal(error.oauthError, undefined, "a stranger's words are not passed on");
});

test("callback_error_beside_a_code_spends_no_code", async (t) => {
  const { stage, tab } = await returned(t, (parameters) => ({ ...parameters, error: "server_error" }));
  await tab.fails("handleCallback", "authorization_failed");
  assert.equal(stage.server.tokenRequests().length, 0);
});

test("callback_of_another_issuer_is_callback_issuer_mismatch", async (t) => {
  await refused(t, "callback_issuer_mismatch", (parameters) => ({ ...parameters, iss: "https://evil.example" }));
});

test("callback_issuer_that_differs_by_a_slash_is_callback_issuer_mismatch", async (t) => {
  await refused(t, "callback_issuer_mismatch", (parameters) => ({ ...parameters, iss: `${parameters.iss}/` }));
});

test("callback_error_of_another_issuer_is_callback_issuer_mismatch", async (t) => {
  await refused(t, "callback_issuer_mismatch", ({ state }) => ({ error: "access_denied", state, iss: "https://evil.example" }));
});

test("callback_without_the_announced_issuer_is_callback_issuer_missing", async (t) => {
  await refused(t, "callback_issuer_missing", (parameters) => ({ ...parameters, iss: undefined }));
});

test("callback_error_without_the_announced_issuer_is_authorization_failed", async (t) => {
  // Servers in the field announce iss and leave it out of error redirects. Nothing is spent on that path, and the user
  // is to learn why the sign-in failed.
  const { tab, stage } = await returned(t, ({ state }) => ({ error: "access_denied", state }));
  const error = await tab.fails("handleCallback", "authorization_failed");
  assert.equal(error.oauthError, "access_denied");
  assert.equal(stage.server.tokenRequests().length, 0);
});

test("callback_without_issuer_that_nobody_announced_succeeds", async (t) => {
  const stage = await Stage.set(t);
  stage.server.shapeMetadata = (metadata) => ({ ...metadata, authorization_response_iss_parameter_supported: undefined });
  stage.server.shapeAuthorizationResponse = (parameters) => ({ ...parameters, iss: undefined });
  const { session } = await stage.signedInTab();
  assert.equal(session.claims.sub, "alice");
});

test("callback_foreign_issuer_that_nobody_announced_is_callback_issuer_mismatch", async (t) => {
  const stage = await Stage.set(t);
  stage.server.shapeMetadata = (metadata) => ({ ...metadata, authorization_response_iss_parameter_supported: false });
  stage.server.shapeAuthorizationResponse = (parameters) => ({ ...parameters, iss: "https://evil.example" });
  const tab = await (await stage.tab()).create();
  await tab.login();
  await tab.create();
  await tab.fails("handleCallback", "callback_issuer_mismatch");
  assert.equal(stage.server.tokenRequests().length, 0);
});

test("callback_with_a_parameter_twice_is_callback_invalid", async (t) => {
  // RFC 6749 §3.1: parameters must not be included more than once.
  const { stage, tab } = await returned(t, (parameters) => parameters);
  const url = new URL(tab.page.url());
  for (const name of ["state", "code", "iss"]) {
    const doubled = new URL(url);
    doubled.searchParams.append(name, "planted");
    await tab.fails("handleCallback", "callback_invalid", doubled.href);
  }
  assert.equal(stage.server.tokenRequests().length, 0);
});

test("callback_twice_gives_the_same_result_and_spends_the_code_once", async (t) => {
  const { stage, tab } = await returned(t, (parameters) => parameters);
  const url = tab.page.url();
  const first = await tab.succeeds("handleCallback", url);
  const second = await tab.succeeds("handleCallback", url);
  assert.deepEqual(second, first);
  assert.equal(first.appState, "kept");
  assert.equal(stage.server.tokenRequests().length, 1);
});

test("callback_twice_at_once_gives_the_same_result_and_spends_the_code_once", async (t) => {
  const { stage, tab } = await returned(t, (parameters) => parameters);
  const url = tab.page.url();
  const outcomes = await tab.together(["handleCallback", url], ["handleCallback", url], ["handleCallback"]);
  for (const outcome of outcomes) {
    assert.equal(outcome.error, undefined);
    assert.deepEqual(outcome.value, outcomes[0].value);
  }
  assert.equal(stage.server.tokenRequests().length, 1);
  assert.equal((await tab.eventsOf("signedIn")).length, 1);
});

for (const storage of ["session", "local"]) {
  test(`callback_again_after_a_reload_with_storage_${storage}_gives_the_same_result`, async (t) => {
    const stage = await Stage.set(t, { config: { storage } });
    const tab = await (await stage.tab()).create();
    await tab.login({ appState: { from: "/inbox" } });
    const url = tab.page.url();
    await tab.create();
    const first = await tab.succeeds("handleCallback", url);
    await tab.open(url);
    await tab.create();
    const second = await tab.succeeds("handleCallback", url);
    assert.deepEqual(second, first);
    assert.equal(stage.server.tokenRequests().length, 1);
  });
}

test("callback_with_two_clients_at_once_spends_the_code_once", async (t) => {
  // What a framework's double mount does: two clients, one address, one storage.
  const { stage, tab } = await returned(t, (parameters) => parameters);
  const outcomes = await tab.page.evaluate(async (config) => {
    const { harness } = /** @type {any} */ (globalThis);
    const clients = await Promise.all([1, 2].map(() => harness.pixie.AuthClient.create(config)));
    const settled = await Promise.all(clients.map((client) => harness.outcome(() => client.handleCallback())));
    return settled;
  }, stage.config);
  assert.equal(stage.server.tokenRequests().length, 1, JSON.stringify(outcomes.map((/** @type {any} */ o) => o.error?.code ?? "ok")));
});

test("callback_again_in_another_tab_with_storage_local_gives_the_same_result", async (t) => {
  const stage = await Stage.set(t, { config: { storage: "local" } });
  const one = await (await stage.tab()).create();
  await one.login({ appState: "kept" });
  const url = one.page.url();
  await one.create();
  const first = await one.succeeds("handleCallback");
  const two = await stage.tab();
  await two.open(url);
  await two.create();
  assert.deepEqual(await two.succeeds("handleCallback"), first);
  assert.equal(stage.server.tokenRequests().length, 1);
});

test("callback_again_after_a_reload_in_the_middle_of_the_exchange_ends_in_a_clean_error", async (t) => {
  // The server has spent the code, and its answer went to a page that was gone.
  const { stage, tab } = await returned(t, (parameters) => parameters);
  stage.server.withholdTokens = true;
  const abandoned = tab.call("handleCallback").catch(() => {});
  await stage.server.received("/token");
  await tab.reload();
  await abandoned;
  stage.server.withholdTokens = false;
  await tab.create({ requestTimeout: 1 });
  const outcome = await tab.call("handleCallback");
  assert.equal(outcome.ok, false);
  assert.equal(outcome.error?.action, "sign_in", outcome.error?.code);
  assert.equal(await tab.succeeds("getSession"), null);
  await tab.login();
  await tab.create();
  assert.equal((await tab.succeeds("handleCallback")).session.claims.sub, "alice");
});

test("callback_whose_client_is_closed_meanwhile_is_client_closed", async (t) => {
  const { stage, tab } = await returned(t, (parameters) => parameters);
  stage.server.token.always(answers.silence());
  const failing = tab.fails("handleCallback", "client_closed");
  await stage.server.received("/token");
  await tab.succeeds("close");
  await failing;
  assert.deepEqual(await tab.unhandled(), []);
});

test("callback_that_the_server_was_too_busy_for_may_be_tried_again", async (t) => {
  const { stage, tab } = await returned(t, (parameters) => parameters);
  stage.server.token.next(answers.html({ status: 503 }));
  const error = await tab.fails("handleCallback", "server_unavailable");
  assert.equal(error.retryable, true);
  const { session } = await tab.succeeds("handleCallback");
  assert.equal(session.claims.sub, "alice");
});

test("callback_that_failed_gives_the_same_failure_again", async (t) => {
  const { stage, tab } = await returned(t, (parameters) => parameters);
  stage.server.token.next(answers.oauthError("invalid_grant"));
  await tab.fails("handleCallback", "token_request_failed");
  await tab.fails("handleCallback", "token_request_failed");
  assert.equal(stage.server.tokenRequests().length, 1, "the code was not sent a second time");
});

test("callback_refused_does_not_stand_in_the_way_of_the_next_login", async (t) => {
  const { stage, tab } = await refused(t, "authorization_failed", ({ state, iss }) => ({ error: "access_denied", state, iss }));
  stage.server.shapeAuthorizationResponse = (parameters) => parameters;
  await tab.login();
  await tab.create();
  const { session } = await tab.succeeds("handleCallback");
  assert.equal(session.claims.sub, "alice");
});

test("callback_foreign_state_leaves_the_login_under_way_alone", async (t) => {
  // Anybody may send the user to the callback's address; that must not break the sign-in the user began.
  const { stage, tab } = await returned(t, (parameters) => parameters);
  await tab.fails("handleCallback", "callback_state_unknown", `${stage.config.redirectUri}?code=x&state=foreign&iss=${stage.server.issuer}`);
  const { session } = await tab.succeeds("handleCallback");
  assert.equal(session.claims.sub, "alice");
});

test("callback_of_another_issuer_leaves_the_login_under_way_alone", async (t) => {
  // RFC 9207's mix-up: a server that the user was lured to answers with the state of a login begun elsewhere.
  const { stage, tab } = await returned(t, (parameters) => parameters);
  const genuine = tab.page.url();
  const forged = new URL(genuine);
  forged.searchParams.set("code", "planted");
  forged.searchParams.set("iss", "https://evil.example");
  await tab.fails("handleCallback", "callback_issuer_mismatch", forged.href);
  assert.equal(stage.server.tokenRequests().length, 0);
  const { session } = await tab.succeeds("handleCallback", genuine);
  assert.equal(session.claims.sub, "alice");
});

test("callback_in_another_tab_with_storage_session_is_callback_state_unknown", async (t) => {
  const stage = await Stage.set(t, { config: { storage: "session" } });
  const one = await (await stage.tab()).create();
  await one.login();
  const other = await stage.tab();
  await other.open(one.page.url());
  await other.create();
  const error = await other.fails("handleCallback", "callback_state_unknown");
  assert.equal(error.action, "sign_in");
  assert.equal(stage.server.tokenRequests().length, 0);
});

test("callback_in_another_tab_with_storage_local_signs_in", async (t) => {
  const stage = await Stage.set(t, { config: { storage: "local" } });
  const one = await (await stage.tab()).create();
  await one.login({ appState: "from the other tab" });
  const other = await stage.tab();
  await other.open(one.page.url());
  await other.create();
  const { session, appState } = await other.succeeds("handleCallback");
  assert.equal(session.claims.sub, "alice");
  assert.equal(appState, "from the other tab");
});

for (const storage of ["session", "local"]) {
  test(`callback_of_two_logins_in_two_tabs_with_storage_${storage}_do_not_disturb_each_other`, async (t) => {
    const stage = await Stage.set(t, { config: { storage } });
    const one = await (await stage.tab()).create();
    const two = await (await stage.tab()).create();
    await one.login({ appState: "one" });
    await two.login({ appState: "two" });
    await two.create();
    await one.create();
    assert.equal((await two.succeeds("handleCallback")).appState, "two");
    assert.equal((await one.succeeds("handleCallback")).appState, "one");
    assert.equal(stage.server.tokenRequests().length, 2);
  });
}

test("callback_of_two_logins_in_one_tab_both_stand", async (t) => {
  // Back and forth in the browser's history: the first login's answer may come after the second began.
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  const first = await tab.succeeds("createLoginUrl", { appState: "first" });
  await tab.succeeds("createLoginUrl", { appState: "second" });
  const callback = await fetch(first.url, { redirect: "manual" }).then((response) => response.headers.get("location"));
  assert.equal((await tab.succeeds("handleCallback", callback)).appState, "first");
});
