// @ts-check
// What servers do that no specification asks for, and what stands between them and a page: answers of any length, type
// and pace, redirects that lead elsewhere, key sets that cannot be had. Of the token response itself token-response.test
// and refresh.test have the most.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import * as answers from "../support/answers.mjs";
import { atCallback } from "../support/at-callback.mjs";
import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";
import { MisbehavingServer } from "../support/misbehaving-server.mjs";
import * as odd from "../support/odd-keys.mjs";
import { signingKey } from "../support/signing-keys.mjs";

after(closeBrowser);

/**
 * A server of somebody else's, that keeps what it gets.
 * @param {import("node:test").TestContext} t
 */
async function somebodyElse(t) {
  const server = await MisbehavingServer.start();
  t.after(() => server.close());
  return server;
}

/** @param {MisbehavingServer} stranger @param {MisbehavingServer} server */
function assertGotNothing(stranger, server) {
  for (const { headers, body, query, method } of stranger.requests) {
    assert.equal(headers.authorization, undefined, `${method} with Authorization`);
    assert.equal(headers.dpop, undefined, `${method} with DPoP`);
    assert.equal(headers.cookie, undefined, `${method} with a cookie`);
    const said = body + JSON.stringify(query);
    for (const secret of server.secrets) assert.ok(!said.includes(secret), `${method} with a secret`);
  }
}

const HUGE = 10_000_000;

// ─── long answers

test("token_response_of_ten_megabytes_is_read_and_what_is_kept_is_not_longer_for_it", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.shapeTokens = (body) => ({ ...body, padding: "x".repeat(HUGE) });
  const { session } = await tab.succeeds("handleCallback");
  assert.equal(session.claims.sub, "alice");
  const kept = JSON.stringify([await tab.stored("sessionStorage"), await tab.stored("localStorage")]);
  assert.ok(kept.length < 10_000, `${kept.length} characters are stored`);
});

test("token_response_of_ten_megabytes_that_is_no_json_is_token_response_invalid", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.token.always(answers.html({ body: "<p>".repeat(HUGE / 3) }));
  const error = await tab.fails("handleCallback", "token_response_invalid");
  assert.ok(error.surface.length < 10_000, "the error does not carry it along");
});

test("error_description_of_ten_megabytes_does_not_make_the_error_as_long", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.token.always(answers.oauthError("invalid_grant", { description: "no ".repeat(HUGE / 3) }));
  const error = await tab.fails("handleCallback", "token_request_failed");
  assert.equal(error.oauthError, "invalid_grant");
  assert.ok(error.surface.length < 100_000, `${error.surface.length} characters`);
});

for (const storage of ["session", "local"]) {
  test(`discovery_of_ten_megabytes_with_storage_${storage}_is_read_and_signs_in`, async (t) => {
    // More than any of a page's storages holds: whoever keeps metadata has to do without.
    const stage = await Stage.set(t, { config: { storage } });
    stage.server.shapeMetadata = (metadata) => ({ ...metadata, padding: "x".repeat(HUGE) });
    const { session } = await stage.signedInTab();
    assert.equal(session.claims.sub, "alice");
  });
}

test("key_set_of_ten_megabytes_is_read", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.jwks.always(answers.huge(/** @type {any} */ (stage.server.idTokens.keySet()), { bytes: HUGE }));
  assert.equal((await tab.succeeds("handleCallback")).session.claims.sub, "alice");
});

test("key_set_of_a_thousand_keys_is_searched", async (t) => {
  const { stage, tab } = await atCallback(t);
  const stranger = signingKey("RS256", "stranger").jwk();
  stage.server.idTokens.shapeKeySet = ({ keys }) => ({
    keys: [...Array.from({ length: 1000 }, (_, index) => ({ ...stranger, kid: `${index}` })), ...keys],
  });
  assert.equal((await tab.succeeds("handleCallback")).session.claims.sub, "alice");
});

// ─── slow answers

for (const [endpoint, call] of /** @type {const} */ ([["token", "handleCallback"], ["jwks", "handleCallback"]])) {
  test(`${endpoint}_answer_that_trickles_for_ever_is_timeout_at_the_limit`, async (t) => {
    // A byte now and then keeps a connection alive; the limit is for the whole answer.
    const { stage, tab } = await atCallback(t, { config: { requestTimeout: 1 } });
    stage.server[endpoint].always(answers.trickle(`{"access_token":"${"a".repeat(10_000)}"}`, { pause: 50 }));
    const before = Date.now();
    const error = await tab.fails(call, "timeout");
    assert.equal(error.retryable, true);
    assert.ok(Date.now() - before < 10_000, "it took no longer than it may");
    assert.equal(await tab.succeeds("getSession"), null);
  });
}

test("token_answer_that_trickles_and_comes_in_time_is_read", async (t) => {
  const { stage, tab } = await atCallback(t, { config: { scope: "email" } });
  stage.server.token.next(answers.trickle('{"access_token":"slow","token_type":"bearer","expires_in":60}', { pause: 5 }));
  assert.equal((await tab.succeeds("handleCallback")).session.accessToken, "slow");
});

test("refresh_answer_that_trickles_for_ever_leaves_the_session", async (t) => {
  const stage = await Stage.set(t, { config: { autoRefresh: false, requestTimeout: 1 } });
  const { tab, session } = await stage.signedInTab();
  stage.server.token.always(answers.trickle(" ".repeat(10_000), { pause: 50 }));
  await tab.fails("refresh", "timeout");
  assert.equal((await tab.succeeds("getSession")).accessToken, session.accessToken);
});

// ─── redirects that lead elsewhere

for (const status of [301, 302, 303, 307, 308]) {
  test(`redirect_${status}_from_the_token_endpoint_to_another_origin_brings_it_nothing`, async (t) => {
    const { stage, tab } = await atCallback(t);
    const stranger = await somebodyElse(t);
    stage.server.token.always(answers.redirect(stranger.url("/collect"), status));
    await tab.fails("handleCallback", "token_request_failed");
    assert.deepEqual(stranger.requests, [], "not even a preflight");
  });
}

for (const status of [302, 307]) {
  test(`redirect_${status}_of_a_refresh_to_another_origin_brings_it_nothing_and_leaves_the_session`, async (t) => {
    const stage = await Stage.set(t, { config: { autoRefresh: false } });
    const { tab } = await stage.signedInTab();
    const stranger = await somebodyElse(t);
    stage.server.token.always(answers.redirect(stranger.url("/collect"), status));
    await tab.fails("refresh", "token_request_failed");
    assert.deepEqual(stranger.requests, []);
    assert.equal((await tab.succeeds("getSession")).claims.sub, "alice");
  });

  test(`redirect_${status}_from_userinfo_to_another_origin_brings_it_no_token`, async (t) => {
    const stage = await Stage.set(t, { config: { autoRefresh: false } });
    const { tab } = await stage.signedInTab();
    const stranger = await somebodyElse(t);
    stage.server.userinfo.always(answers.redirect(stranger.url("/collect"), status));
    const outcome = await tab.call("userInfo");
    assert.equal(outcome.error?.isAuthError, true, "it is refused, and with a code");
    assertGotNothing(stranger, stage.server);
  });

  test(`redirect_${status}_of_a_pushed_request_to_another_origin_brings_it_nothing`, async (t) => {
    const stage = await Stage.set(t, { config: { par: "always" } });
    stage.server.par.announced = true;
    const stranger = await somebodyElse(t);
    stage.server.par.always(answers.redirect(stranger.url("/collect"), status));
    const tab = await (await stage.tab()).create();
    const outcome = await tab.call("createLoginUrl");
    assert.equal(outcome.error?.isAuthError, true, "it is refused, and with a code");
    assert.deepEqual(stranger.requests, []);
  });

  test(`redirect_${status}_of_a_revocation_to_another_origin_brings_it_nothing`, async (t) => {
    const stage = await Stage.set(t, { config: { autoRefresh: false } });
    stage.server.revocation.announced = true;
    const { tab } = await stage.signedInTab();
    const stranger = await somebodyElse(t);
    stage.server.revocation.always(answers.redirect(stranger.url("/collect"), status));
    const outcome = await tab.call("revoke");
    assert.ok(stage.server.requestsTo("/revoke", "POST").length > 0, outcome.error?.message);
    assert.deepEqual(stranger.requests, []);
  });
}

// ─── answers of another type

for (const type of ["text/plain", "text/html; charset=utf-8", "application/jwt", "application/json;charset=UTF-8", "nonsense"]) {
  test(`token_response_that_is_json_and_called_${type.replace(/[^a-z]+/gi, "_")}_is_read`, async (t) => {
    const { stage, tab } = await atCallback(t, { config: { scope: "email" } });
    stage.server.token.next(answers.text('{"access_token":"odd","token_type":"Bearer"}', { type }));
    assert.equal((await tab.succeeds("handleCallback")).session.accessToken, "odd");
  });
}

test("userinfo_that_is_html_or_empty_or_no_object_is_refused_and_leaves_the_session", async (t) => {
  const stage = await Stage.set(t, { config: { autoRefresh: false } });
  const { tab } = await stage.signedInTab();
  for (const answer of [answers.html(), answers.empty(), answers.json(null), answers.json([]), answers.json("alice"), answers.json({})]) {
    stage.server.userinfo.next(answer);
    const outcome = await tab.call("userInfo");
    assert.equal(outcome.error?.isAuthError, true, `${JSON.stringify(outcome.value)} was taken for claims`);
  }
  assert.equal((await tab.succeeds("userInfo")).sub, "alice", "and the next answer is read");
  assert.equal((await tab.succeeds("getSession")).claims.sub, "alice");
});

// ─── key sets

const keySetTroubles = /** @type {[string, import("../support/answers.mjs").Answer, string][]} */ ([
  ["500", answers.html({ status: 500 }), "discovery_failed"],
  ["503_empty", answers.empty({ status: 503 }), "discovery_failed"],
  ["404", answers.html({ status: 404 }), "discovery_failed"],
  ["html_with_200", answers.html(), "discovery_failed"],
  ["empty", answers.empty(), "discovery_failed"],
  ["json_without_keys", answers.json({}), "discovery_failed"],
  ["an_array", answers.json([]), "discovery_failed"],
  ["a_closed_connection", answers.closedConnection(), "network"],
]);
for (const [name, answer, code] of keySetTroubles) {
  test(`key_set_that_is_${name}_is_${code}_and_the_login_may_be_tried_again`, async (t) => {
    const { stage, tab } = await atCallback(t);
    stage.server.jwks.always(answer);
    const error = await tab.fails("handleCallback", code);
    assert.equal(error.retryable, true);
    assert.equal(await tab.succeeds("getSession"), null, "an ID token that was not verified signs nobody in");
    assert.deepEqual(await tab.eventsOf("signedIn"), []);
  });
}

for (const [name, keys] of /** @type {[string, unknown][]} */ ([["empty", []], ["null", null], ["an_object", {}], ["a_text", "keys"], ["of_nonsense", odd.nonsense()]])) {
  test(`key_set_whose_keys_are_${name}_signs_nobody_in`, async (t) => {
    const { stage, tab } = await atCallback(t);
    stage.server.idTokens.shapeKeySet = () => ({ keys });
    const outcome = await tab.call("handleCallback");
    assert.ok(["id_token_key_not_found", "discovery_failed"].includes(outcome.error?.code ?? ""), outcome.error?.code ?? "accepted");
    assert.equal(await tab.succeeds("getSession"), null);
  });
}

test("key_set_that_never_comes_is_timeout", async (t) => {
  const { stage, tab } = await atCallback(t, { config: { requestTimeout: 1 } });
  stage.server.jwks.always(answers.silence());
  await tab.fails("handleCallback", "timeout");
});

test("key_set_with_odd_entries_beside_the_good_one_is_used", async (t) => {
  const { stage, tab } = await atCallback(t);
  const { key } = stage.server.idTokens;
  stage.server.idTokens.shapeKeySet = ({ keys }) => ({
    keys: [...odd.nonsense(), odd.unknownKeyType(), odd.keyForEncryption(), odd.duplicateKeyId(key), odd.shortRsaKey().jwk(), ...keys],
  });
  assert.equal((await tab.succeeds("handleCallback")).session.claims.sub, "alice");
});

test("key_with_the_private_half_published_beside_it_verifies", async (t) => {
  // The server has worse troubles than this client could make for it by refusing.
  const { stage, tab } = await atCallback(t);
  stage.server.idTokens.shapeKeySet = () => ({ keys: [odd.leakedPrivateKey(stage.server.idTokens.key)] });
  assert.equal((await tab.succeeds("handleCallback")).session.claims.sub, "alice");
});

test("key_that_is_for_encryption_is_id_token_key_not_found", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.idTokens.shapeKeySet = () => ({ keys: [odd.markedForEncryption(stage.server.idTokens.key)] });
  await tab.fails("handleCallback", "id_token_key_not_found");
});

test("key_without_use_and_alg_verifies", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.idTokens.shapeKeySet = ({ keys }) => ({ keys: keys.map((key) => ({ .../** @type {any} */ (key), use: undefined, alg: undefined })) });
  assert.equal((await tab.succeeds("handleCallback")).session.claims.sub, "alice");
});

test("key_without_kid_is_not_the_one_that_a_token_names", async (t) => {
  // OIDC Core §10.1 lets a set of one key do without names; then the token has none either.
  const { stage, tab } = await atCallback(t);
  stage.server.idTokens.shapeKeySet = ({ keys }) => ({ keys: keys.map((key) => ({ .../** @type {any} */ (key), kid: undefined })) });
  await tab.fails("handleCallback", "id_token_key_not_found");
});

test("rotation_at_a_server_that_names_no_keys_is_followed", async (t) => {
  const { stage, tab } = await atCallback(t, { config: { autoRefresh: false } });
  stage.server.idTokens.namesKey = false;
  stage.server.keySetMaxAge = 3600;
  await tab.succeeds("handleCallback");
  stage.server.idTokens.rotate();
  await tab.login();
  await tab.create();
  assert.equal((await tab.succeeds("handleCallback")).session.claims.sub, "alice");
});

// ─── refreshes

test("refresh_at_a_server_that_forgives_a_used_token_goes_on", async (t) => {
  const stage = await Stage.set(t, { config: { autoRefresh: false } });
  stage.server.forgiving = true;
  const { tab, session } = await stage.signedInTab();
  stage.server.token.next(answers.html({ status: 502 }));
  await tab.fails("refresh", "server_unavailable");
  assert.notEqual((await tab.succeeds("refresh")).accessToken, session.accessToken);
});

const refusals = /** @type {[string, import("../support/answers.mjs").Answer, string][]} */ ([
  ["an_empty_400", answers.empty({ status: 400 }), "token_request_failed"],
  ["an_empty_401", answers.empty({ status: 401 }), "token_request_failed"],
  ["html_with_403", answers.html({ status: 403 }), "token_request_failed"],
  ["403_with_a_code_of_its_own", answers.oauthError("tenant_locked", { status: 403 }), "token_request_failed"],
  ["invalid_grant_with_401", answers.oauthError("invalid_grant", { status: 401 }), "session_ended"],
  ["invalid_grant_called_text", answers.text('{"error":"invalid_grant"}', { status: 400 }), "session_ended"],
  ["invalid_grant_after_a_byte_order_mark", answers.json({ error: "invalid_grant" }, { status: 400, byteOrderMark: true }), "session_ended"],
]);
for (const [name, answer, code] of refusals) {
  test(`refresh_refused_with_${name}_is_${code}`, async (t) => {
    const stage = await Stage.set(t, { config: { autoRefresh: false } });
    const { tab } = await stage.signedInTab();
    stage.server.token.next(answer);
    await tab.fails("refresh", code);
    // Nothing but invalid_grant ends a session.
    assert.equal((await tab.succeeds("getSession")) === null, code === "session_ended");
  });
}

test("server_that_answers_late_and_with_everything_odd_at_once_signs_in", async (t) => {
  const stage = await Stage.set(t, { config: { autoRefresh: false } });
  const { server } = stage;
  server.tokenDelay = 200;
  server.byteOrderMark = true;
  server.shapeIdToken = (claims) => ({ ...claims, aud: [claims.aud], azp: claims.aud });
  server.shapeTokens = (body) => ({ ...body, token_type: "bearer", expires_in: "3600", scope: undefined, session_state: "s.1", not_before: 0 });
  const { tab, session } = await stage.signedInTab();
  assert.equal(session.tokenType, "Bearer");
  assert.deepEqual(session.scope, ["openid"]);
  assert.notEqual((await tab.succeeds("refresh")).accessToken, session.accessToken);
});
