// @ts-check
// The token endpoint beyond codes: resources, scopes, token exchange, grants of a test's own; and revocation.

import assert from "node:assert/strict";
import { test } from "node:test";

import { json } from "./answers.mjs";
import { post, signIn, startServer, token } from "./bare-client.mjs";
import { TOKEN_EXCHANGE } from "./token-endpoint.mjs";

/** @typedef {import("./misbehaving-server.mjs").MisbehavingServer} MisbehavingServer */

const refresh = (/** @type {string} */ refreshToken, /** @type {Record<string, string>} */ over = {}) => ({
  grant_type: "refresh_token",
  refresh_token: refreshToken,
  client_id: "spa",
  ...over,
});

test("refresh_for_a_resource_gives_a_token_for_it_alone", async (t) => {
  const server = await startServer(t);
  const { refresh_token: refreshToken } = await signIn(server);
  const form = new URLSearchParams(refresh(refreshToken));
  form.append("resource", "https://one.example");
  form.append("resource", "https://two.example");
  const { body } = await token(server, form);
  assert.deepEqual(server.grants.ofAccessToken(body.access_token)?.audience, ["https://one.example", "https://two.example"]);
});

test("refresh_for_more_than_was_granted_is_refused_and_spends_nothing", async (t) => {
  const server = await startServer(t);
  const { refresh_token: refreshToken } = await signIn(server, { request: { resource: "https://one.example", scope: "openid email" } });
  assert.equal((await token(server, refresh(refreshToken, { resource: "https://two.example" }))).body.error, "invalid_target");
  assert.equal((await token(server, refresh(refreshToken, { scope: "openid admin" }))).body.error, "invalid_scope");
  const { body } = await token(server, refresh(refreshToken, { scope: "email" }));
  assert.equal(body.scope, "email");
});

test("token_exchange_gives_a_token_without_a_refresh_token", async (t) => {
  const server = await startServer(t);
  const { access_token: subjectToken } = await signIn(server);
  const form = {
    grant_type: TOKEN_EXCHANGE,
    subject_token: subjectToken,
    subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
    audience: "billing",
    client_id: "spa",
  };
  const { status, body } = await token(server, form);
  assert.equal(status, 200);
  assert.equal(body.issued_token_type, "urn:ietf:params:oauth:token-type:access_token");
  assert.equal(body.refresh_token, undefined);
  assert.deepEqual(server.grants.ofAccessToken(body.access_token)?.audience, ["billing"]);
  assert.equal((await token(server, { ...form, subject_token: "unknown" })).body.error, "invalid_request");
  assert.equal((await token(server, { ...form, subject_token_type: "jwt" })).body.error, "invalid_request");
});

test("grant_of_the_tests_own_is_answered_by_it", async (t) => {
  const server = await startServer(t);
  server.token.grantTypes["urn:example:badge"] = ({ form }) => json({ access_token: `for ${form.badge}` });
  assert.equal((await token(server, { grant_type: "urn:example:badge", badge: "7" })).body.access_token, "for 7");
  assert.equal((await token(server, { grant_type: "urn:example:other" })).body.error, "unsupported_grant_type");
});

test("revocation_of_a_refresh_token_takes_its_access_tokens_along", async (t) => {
  const server = await startServer(t);
  assert.deepEqual(server.revocation.metadata(), {});
  const tokens = await signIn(server);
  const revoke = (/** @type {string} */ value) => post(server.url("/revoke"), { token: value, client_id: "spa" });
  assert.deepEqual(await revoke(tokens.refresh_token).then(({ status, body }) => [status, body]), [200, null]);
  assert.equal(server.grants.ofAccessToken(tokens.access_token), undefined);
  assert.equal((await token(server, refresh(tokens.refresh_token))).body.error, "invalid_grant");
  await revoke("unknown");
  const { access_token: alone } = await signIn(server);
  await revoke(alone);
  assert.deepEqual(server.revocation.revoked, ["refresh_token", null, "access_token"]);
});

test("revocation_without_a_token_or_a_client_is_refused", async (t) => {
  const server = await startServer(t);
  assert.equal((await post(server.url("/revoke"), { client_id: "spa" })).body.error, "invalid_request");
  assert.equal((await post(server.url("/revoke"), { token: "x" })).body.error, "invalid_client");
});
