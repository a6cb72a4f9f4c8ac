// @ts-check
// Who may read from the API and the userinfo endpoint, and what they get.

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { test } from "node:test";

import * as answers from "./answers.mjs";
import { ProofKey, decoded, post, signIn, startServer } from "./bare-client.mjs";

/** @typedef {import("./misbehaving-server.mjs").MisbehavingServer} MisbehavingServer */

/** @param {string} url @param {Record<string, string>} [headers] */
async function get(url, headers = {}) {
  const response = await fetch(url, { headers });
  return { status: response.status, challenge: response.headers.get("www-authenticate"), headers: response.headers, text: await response.text() };
}

const bearer = (/** @type {string} */ accessToken) => ({ authorization: `Bearer ${accessToken}` });

/** @param {MisbehavingServer} server @param {ProofKey} key */
function signInWithProof(server, key) {
  return signIn(server, { headers: { dpop: key.proof("POST", server.url("/token")) } });
}

test("api_takes_a_good_bearer_token_in_the_header_alone", async (t) => {
  const server = await startServer(t);
  const { access_token: accessToken } = await signIn(server);
  const url = server.url("/api/notes");
  assert.equal((await get(url, bearer(accessToken))).status, 200);
  assert.deepEqual(await get(url).then(({ status, challenge }) => [status, challenge]), [401, "Bearer"]);
  assert.match((await get(url, bearer("unknown"))).challenge ?? "", /error="invalid_token"/);
  assert.equal((await get(`${url}?access_token=${accessToken}`)).status, 400);
  assert.equal((await post(url, { access_token: accessToken })).status, 400);
});

test("api_token_runs_out_by_the_servers_clock", async (t) => {
  const server = await startServer(t);
  const { access_token: accessToken } = await signIn(server);
  server.clockAhead += 3601;
  assert.equal((await get(server.url("/api"), bearer(accessToken))).status, 401);
});

test("api_refuses_as_often_as_it_is_told", async (t) => {
  const server = await startServer(t);
  const { access_token: accessToken } = await signIn(server);
  server.api.refuse(2);
  const statuses = [];
  for (let index = 0; index < 3; index += 1) statuses.push((await get(server.url("/api"), bearer(accessToken))).status);
  assert.deepEqual(statuses, [401, 401, 200]);
});

test("api_of_one_resource_takes_no_token_for_another", async (t) => {
  const server = await startServer(t);
  server.api.audience = "https://api.example";
  const { access_token: other } = await signIn(server, { request: { resource: "https://other.example" } });
  assert.equal((await get(server.url("/api"), bearer(other))).status, 401);
  const { access_token: right } = await signIn(server, { request: { resource: "https://api.example" } });
  assert.equal((await get(server.url("/api"), bearer(right))).status, 200);
});

test("api_bound_token_wants_a_proof_of_its_key_and_of_itself", async (t) => {
  const server = await startServer(t);
  const key = new ProofKey();
  const { access_token: accessToken } = await signInWithProof(server, key);
  const url = server.url("/api");
  const send = (/** @type {string} */ dpop, scheme = "DPoP") => get(`${url}?page=2`, { authorization: `${scheme} ${accessToken}`, dpop });
  assert.equal((await send(key.proof("GET", url, { accessToken }))).status, 200);
  assert.equal((await send(key.proof("GET", url, { accessToken }), "dpop")).status, 200);
  assert.match((await send(key.proof("GET", url))).challenge ?? "", /invalid_dpop_proof.*ath/);
  assert.match((await send(key.proof("GET", url, { accessToken: "other" }))).challenge ?? "", /ath/);
  assert.match((await send(new ProofKey().proof("GET", url, { accessToken }))).challenge ?? "", /another key/);
  assert.equal((await send("", "Bearer")).status, 401, "a bound token is no bearer token");
});

test("api_demands_a_nonce_of_its_own", async (t) => {
  const server = await startServer(t);
  server.dpop.noncesAt.add("resource");
  server.dpop.scheme = "dPoP";
  const key = new ProofKey();
  const { access_token: accessToken } = await signInWithProof(server, key);
  const send = (/** @type {Record<string, unknown>} */ payload) =>
    get(server.url("/api"), { authorization: `DPoP ${accessToken}`, dpop: key.proof("GET", server.url("/api"), { accessToken, payload }) });
  const refused = await send({});
  assert.match(refused.challenge ?? "", /^dPoP error="use_dpop_nonce"/);
  assert.equal((await send({ nonce: refused.headers.get("dpop-nonce") })).status, 200);
});

test("userinfo_gives_the_claims_of_the_scope", async (t) => {
  const server = await startServer(t);
  const { access_token: accessToken } = await signIn(server, { request: { scope: "openid email" } });
  const { text } = await get(server.url("/userinfo"), bearer(accessToken));
  assert.deepEqual(JSON.parse(text), { sub: "alice", email: "alice@wonderland.example", email_verified: true });
});

test("userinfo_without_openid_is_insufficient_scope", async (t) => {
  const server = await startServer(t);
  const { access_token: accessToken } = await signIn(server, { request: { scope: "email" } });
  assert.equal((await get(server.url("/userinfo"), bearer(accessToken))).status, 403);
});

test("userinfo_signed_is_a_jwt_of_the_published_key", async (t) => {
  const server = await startServer(t);
  server.userinfo.signed = true;
  const { access_token: accessToken } = await signIn(server);
  const { text, headers } = await get(server.url("/userinfo"), bearer(accessToken));
  assert.equal(headers.get("content-type"), "application/jwt");
  assert.deepEqual(decoded(text)[1], { iss: server.issuer, aud: "spa", sub: "alice" });
  const [head, payload, signature] = text.split(".");
  const key = createPublicKey({ key: server.idTokens.key.jwk(), format: "jwk" });
  assert.ok(verify("sha256", Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, "base64url")));
});

test("userinfo_says_what_it_is_told", async (t) => {
  const server = await startServer(t);
  const { access_token: accessToken } = await signIn(server);
  server.userinfo.shapeClaims = (claims) => ({ ...claims, sub: "mallory" });
  server.userinfo.next(answers.html());
  assert.match((await get(server.url("/userinfo"), bearer(accessToken))).text, /^<!doctype/);
  assert.equal(JSON.parse((await get(server.url("/userinfo"), bearer(accessToken))).text).sub, "mallory");
});

test("cors_shows_pages_the_challenge_and_the_nonce", async (t) => {
  const server = await startServer(t);
  const { headers } = await get(server.url("/api"), { origin: "http://page" });
  assert.equal(headers.get("access-control-expose-headers"), "DPoP-Nonce, WWW-Authenticate");
});
