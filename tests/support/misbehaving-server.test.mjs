// @ts-check
// The server that the other tests rely on: strict where it behaves, so that a client's mistakes are noticed.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import * as answers from "./answers.mjs";
import { MisbehavingServer } from "./misbehaving-server.mjs";

const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT_URI = "http://127.0.0.1:9/callback";

/** @param {import("node:test").TestContext} t */
async function start(t) {
  const server = await MisbehavingServer.start();
  t.after(() => server.close());
  return server;
}

/** @param {MisbehavingServer} server @param {Record<string, string>} [over] */
async function authorize(server, over = {}) {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: "spa",
    redirect_uri: REDIRECT_URI,
    scope: "openid",
    state: "s",
    nonce: "n",
    code_challenge: createHash("sha256").update(VERIFIER).digest("base64url"),
    code_challenge_method: "S256",
    ...over,
  });
  const response = await fetch(`${server.url("/authorize")}?${query}`, { redirect: "manual" });
  return new URL(response.headers.get("location") ?? "").searchParams;
}

/** @param {MisbehavingServer} server @param {Record<string, string>} form */
async function token(server, form) {
  const response = await fetch(server.url("/token"), { method: "POST", body: new URLSearchParams(form) });
  return { status: response.status, body: await response.json() };
}

/** @param {URLSearchParams} redirect @param {Record<string, string>} [over] */
function exchange(redirect, over = {}) {
  return {
    grant_type: "authorization_code",
    code: redirect.get("code") ?? "",
    redirect_uri: REDIRECT_URI,
    client_id: "spa",
    code_verifier: VERIFIER,
    ...over,
  };
}

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
