// @ts-check
// The ID token that comes with the code: issuer, audience, expiry and nonce, each with its own error code.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { atCallback } from "../support/at-callback.mjs";
import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";

after(closeBrowser);

const seconds = () => Math.floor(Date.now() / 1000);

const refused = /** @type {[string, (claims: Record<string, unknown>) => Record<string, unknown>, string][]} */ ([
  ["of_another_issuer", (claims) => ({ ...claims, iss: "https://evil.example" }), "id_token_issuer"],
  ["whose_issuer_differs_by_a_slash", (claims) => ({ ...claims, iss: `${claims.iss}/` }), "id_token_issuer"],
  ["without_issuer", (claims) => ({ ...claims, iss: undefined }), "id_token_malformed"],
  ["for_another_client", (claims) => ({ ...claims, aud: "another" }), "id_token_audience"],
  ["for_a_list_without_this_client", (claims) => ({ ...claims, aud: ["another", "third"] }), "id_token_audience"],
  ["for_an_empty_list", (claims) => ({ ...claims, aud: [] }), "id_token_audience"],
  ["for_a_client_whose_name_begins_alike", (claims) => ({ ...claims, aud: "spa2" }), "id_token_audience"],
  ["without_audience", (claims) => ({ ...claims, aud: undefined }), "id_token_malformed"],
  ["that_ran_out_an_hour_ago", (claims) => ({ ...claims, iat: seconds() - 7200, exp: seconds() - 3600 }), "id_token_expired"],
  ["with_a_foreign_nonce", (claims) => ({ ...claims, nonce: "foreign" }), "id_token_nonce"],
  ["without_the_nonce", (claims) => ({ ...claims, nonce: undefined }), "id_token_nonce"],
  ["without_expiry", (claims) => ({ ...claims, exp: undefined }), "id_token_malformed"],
  ["whose_expiry_is_a_string", (claims) => ({ ...claims, exp: "9999999999" }), "id_token_malformed"],
  ["without_subject", (claims) => ({ ...claims, sub: undefined }), "id_token_malformed"],
  ["whose_nonce_is_a_number", (claims) => ({ ...claims, nonce: 7 }), "id_token_nonce"],
]);
for (const [name, shape, code] of refused) {
  test(`id_token_${name}_is_${code}`, async (t) => {
    const { stage, tab } = await atCallback(t);
    stage.server.shapeIdToken = shape;
    await tab.fails("handleCallback", code);
    assert.equal(await tab.succeeds("getSession"), null, "nobody is signed in by it");
    assert.equal((await tab.eventsOf("signedIn")).length, 0);
    await tab.reload();
    await tab.create();
    assert.equal(await tab.succeeds("getSession"), null, "nor after a reload");
  });
}

const malformed = /** @type {[string, unknown][]} */ ([
  ["a_word", "word"],
  ["two_segments", "e30.e30"],
  ["segments_of_no_base64url", "*.*.*"],
  ["a_payload_of_no_json", `eyJhbGciOiJSUzI1NiJ9.${Buffer.from("no json").toString("base64url")}.AA`],
  ["a_payload_that_is_an_array", `eyJhbGciOiJSUzI1NiJ9.${Buffer.from("[]").toString("base64url")}.AA`],
  ["a_payload_that_is_null", `eyJhbGciOiJSUzI1NiJ9.${Buffer.from("null").toString("base64url")}.AA`],
  ["a_payload_of_bad_utf8", `eyJhbGciOiJSUzI1NiJ9.${Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]).toString("base64url")}.AA`],
]);
for (const [name, idToken] of malformed) {
  test(`id_token_that_is_${name}_is_id_token_malformed`, async (t) => {
    const { stage, tab } = await atCallback(t);
    stage.server.shapeTokens = (body) => ({ ...body, id_token: idToken });
    await tab.fails("handleCallback", "id_token_malformed");
  });
}

test("id_token_that_is_an_object_is_refused", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.shapeTokens = (body) => ({ ...body, id_token: { sub: "alice" } });
  const outcome = await tab.call("handleCallback");
  assert.ok(["id_token_malformed", "id_token_missing", "token_response_invalid"].includes(outcome.error?.code ?? ""), outcome.error?.code ?? "accepted");
});

test("id_token_absent_where_openid_was_asked_is_id_token_missing", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.shapeTokens = (body) => ({ ...body, id_token: undefined });
  await tab.fails("handleCallback", "id_token_missing");
});

test("id_token_audience_as_a_list_is_borne", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.shapeIdToken = (claims) => ({ ...claims, aud: ["spa"] });
  const { session } = await tab.succeeds("handleCallback");
  assert.deepEqual(session.claims.aud, ["spa"]);
});

test("id_token_that_ran_out_within_the_tolerance_is_borne", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.shapeIdToken = (claims) => ({ ...claims, iat: seconds() - 60, exp: seconds() - 1 });
  const { session } = await tab.succeeds("handleCallback");
  assert.equal(session.claims.sub, "alice");
});

test("id_token_claims_of_every_json_type_are_read", async (t) => {
  const { stage, tab } = await atCallback(t);
  const own = { text: "Grüße 😀", number: 1.5, big: 9_007_199_254_740_991, yes: true, nothing: null, list: [1, ["two"]], deep: { er: {} } };
  stage.server.shapeIdToken = (claims) => ({ ...claims, own });
  const { session } = await tab.succeeds("handleCallback");
  assert.deepEqual(session.claims.own, own);
});

test("refresh_without_an_id_token_keeps_the_claims", async (t) => {
  const stage = await Stage.set(t);
  stage.server.shapeTokens = (body, form) => (form.grant_type === "refresh_token" ? { ...body, id_token: undefined } : body);
  const { tab, session } = await stage.signedInTab();
  const refreshed = await tab.succeeds("refresh");
  assert.notEqual(refreshed.accessToken, session.accessToken);
  assert.deepEqual(refreshed.claims, session.claims);
  assert.equal(refreshed.idToken, session.idToken);
});

test("refresh_with_an_id_token_without_nonce_is_borne", async (t) => {
  // OpenID Connect Core §12.2: it should have no nonce, even where the first one had.
  const stage = await Stage.set(t);
  stage.server.shapeIdToken = (claims, form) => ({ ...claims, round: form.grant_type });
  const { tab } = await stage.signedInTab();
  const refreshed = await tab.succeeds("refresh");
  assert.equal(refreshed.claims.round, "refresh_token");
});

const refusedOnRefresh = /** @type {[string, (claims: Record<string, unknown>) => Record<string, unknown>, string][]} */ ([
  ["of_another_issuer", (claims) => ({ ...claims, iss: "https://evil.example" }), "id_token_issuer"],
  ["for_another_client", (claims) => ({ ...claims, aud: "another" }), "id_token_audience"],
  ["of_another_subject", (claims) => ({ ...claims, sub: "mallory" }), "id_token_subject"],
]);
for (const [name, shape, code] of refusedOnRefresh) {
  test(`refresh_with_an_id_token_${name}_is_${code}`, async (t) => {
    const stage = await Stage.set(t);
    const { tab } = await stage.signedInTab();
    stage.server.shapeIdToken = shape;
    await tab.fails("refresh", code);
    const session = await tab.succeeds("getSession");
    assert.ok(session === null || session.claims.sub === "alice", "another user's session is not adopted");
  });
}
