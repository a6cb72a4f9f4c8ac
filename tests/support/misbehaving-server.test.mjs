// @ts-check
// The server that the other tests rely on: strict where it behaves, so that a client's mistakes are noticed.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as answers from "./answers.mjs";
import { REDIRECT_URI, VERIFIER, authorize, exchange, redirected, startServer as start, token } from "./bare-client.mjs";
import { MisbehavingServer } from "./misbehaving-server.mjs";

test("server_good_code_and_verifier_give_tokens_once", async (t) => {
  const server = await start(t);
  const redirect = await authorize(server);
  assert.equal(redirect.get("state"), "s");
  assert.equal(redirect.get("iss"), server.issuer);
  const first = await token(server, exchange(redirect));
  assert.equal(first.status, 200);
  const claims = JSON.parse(Buffer.from(first.body.id_token.split(".")[1], "base64url").toString());
  assert.equal(claims.nonce, "n");
  assert.deepEqual(await token(server, exchange(redirect)).then(({ body }) => body.error), "invalid_grant");
  assert.equal(server.tokenRequests("authorization_code").length, 2);
  for (const secret of [redirect.get("code"), VERIFIER, first.body.access_token, first.body.refresh_token, first.body.id_token]) {
    assert.ok(server.secrets.has(secret ?? ""));
  }
});

const mistakes = /** @type {[string, Record<string, string>][]} */ ([
  ["another_verifier", { code_verifier: `${VERIFIER.slice(0, -1)}l` }],
  ["a_verifier_that_is_too_short", { code_verifier: VERIFIER.slice(1) }],
  ["another_redirect_uri", { redirect_uri: `${REDIRECT_URI}2` }],
  ["another_client", { client_id: "other" }],
]);
for (const [name, over] of mistakes) {
  test(`server_exchange_with_${name}_is_refused`, async (t) => {
    const server = await start(t);
    const { status, body } = await token(server, exchange(await authorize(server), over));
    assert.ok(status >= 400);
    assert.equal(body.access_token, undefined);
  });
}

test("server_refresh_token_is_good_once", async (t) => {
  const server = await start(t);
  const { body } = await token(server, exchange(await authorize(server)));
  const form = { grant_type: "refresh_token", refresh_token: body.refresh_token, client_id: "spa" };
  const refreshed = await token(server, form);
  assert.equal(refreshed.status, 200);
  assert.equal((await token(server, form)).body.error, "invalid_grant");
  assert.equal((await token(server, { ...form, refresh_token: refreshed.body.refresh_token })).status, 200);
});

test("server_refresh_token_that_was_not_replaced_stays_good", async (t) => {
  const server = await start(t);
  server.shapeTokens = (body, form) => (form.grant_type === "refresh_token" ? { ...body, refresh_token: undefined } : body);
  const { body } = await token(server, exchange(await authorize(server)));
  const form = { grant_type: "refresh_token", refresh_token: body.refresh_token, client_id: "spa" };
  assert.equal((await token(server, form)).status, 200);
  assert.equal((await token(server, form)).status, 200);
});

test("server_scripted_answers_come_in_order_and_then_it_behaves", async (t) => {
  const server = await start(t);
  server.discovery.next(answers.html({ status: 503 }), 2);
  server.discovery.next(answers.closedConnection());
  const url = server.url("/.well-known/openid-configuration");
  assert.equal((await fetch(url)).status, 503);
  assert.equal((await fetch(url)).status, 503);
  await assert.rejects(fetch(url, { headers: { connection: "close" } }));
  assert.equal((await (await fetch(url)).json()).issuer, server.issuer);
});

test("server_preflight_is_allowed_without_credentials_and_recorded", async (t) => {
  const server = await start(t);
  const headers = { origin: "http://page", "access-control-request-method": "POST", "access-control-request-headers": "x-own" };
  const response = await fetch(server.url("/token"), { method: "OPTIONS", headers });
  assert.equal(response.headers.get("access-control-allow-origin"), "http://page");
  assert.equal(response.headers.get("access-control-allow-headers"), "x-own");
  assert.equal(response.headers.get("access-control-allow-credentials"), null);
  assert.equal(server.requestsTo("/token", "OPTIONS").length, 1);
  assert.equal(server.tokenRequests().length, 0);
});

test("server_close_ends_a_request_that_was_never_answered", async () => {
  const server = await MisbehavingServer.start();
  server.token.always(answers.silence());
  const pending = assert.rejects(fetch(server.url("/token"), { method: "POST", body: new URLSearchParams({ a: "1" }) }));
  await server.received("/token");
  await server.close();
  await pending;
});

test("server_body_that_trickles_comes_whole_in_the_end", async (t) => {
  const server = await start(t);
  server.token.next(answers.trickle('{"a":1}', { pause: 1 }));
  assert.deepEqual((await token(server, {})).body, { a: 1 });
});

test("server_body_that_is_huge_is_json_of_that_length", async (t) => {
  const server = await start(t);
  server.token.next(answers.huge({ a: 1 }, { bytes: 10_000_000 }));
  const { body } = await token(server, {});
  assert.equal(body.a, 1);
  assert.equal(body.padding.length, 10_000_000);
});

test("server_end_of_the_session_brings_the_state_back_unless_told_otherwise", async (t) => {
  const server = await start(t);
  const url = `${server.url("/end_session")}?${new URLSearchParams({ post_logout_redirect_uri: REDIRECT_URI, state: "s" })}`;
  assert.equal((await redirected(url)).get("state"), "s");
  server.shapeLogoutResponse = () => ({ state: "other" });
  assert.equal((await redirected(url)).get("state"), "other");
  server.shapeLogoutResponse = () => ({});
  assert.equal((await redirected(url)).get("state"), null);
});

test("server_mtls_aliases_are_announced_on_request_and_take_nobody", async (t) => {
  const server = await start(t);
  assert.equal(Object.hasOwn(server.metadata(), "mtls_endpoint_aliases"), false);
  server.announcesMtlsAliases = true;
  const { mtls_endpoint_aliases: aliases } = /** @type {any} */ (server.metadata());
  assert.equal(aliases.token_endpoint, server.url("/mtls/token"));
  assert.equal((await fetch(aliases.token_endpoint, { method: "POST" })).status, 401);
  assert.equal(server.requestsTo("/mtls/token").length, 1);
});
