// @ts-check
// The server's look at DPoP: each rule of RFC 9449 §4.3, nonces, and the binding of tokens to a key.

import assert from "node:assert/strict";
import { createPublicKey, randomUUID, verify } from "node:crypto";
import { test } from "node:test";

import { ProofKey, authorizationRequest, authorize, exchange, post, redirected, startServer, token } from "./bare-client.mjs";
import { thumbprint } from "./dpop.mjs";

test("thumbprint_gives_the_values_of_the_specifications", () => {
  // RFC 9449 §6.1 and RFC 8037 A.3.
  const ec = { kty: "EC", x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA", crv: "P-256", use: "sig" };
  assert.equal(thumbprint(ec), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
  const okp = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
  assert.equal(thumbprint(okp), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
});

test("proof_of_this_file_verifies_with_node_alone", () => {
  const key = new ProofKey();
  const [header, payload, signature] = key.proof("POST", "http://127.0.0.1/token").split(".");
  const publicKey = createPublicKey({ key: key.jwk(), format: "jwk" });
  const data = Buffer.from(`${header}.${payload}`);
  assert.ok(verify("sha256", data, { key: publicKey, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url")));
});

test("good_proof_binds_the_tokens_to_its_key", async (t) => {
  const server = await startServer(t);
  const key = new ProofKey();
  const dpop = () => ({ dpop: key.proof("POST", server.url("/token")) });
  const { body } = await token(server, exchange(await authorize(server)), dpop());
  assert.equal(body.token_type, "DPoP");
  assert.equal(server.dpop.proofs[0].keyThumbprint, thumbprint(key.jwk()));

  const form = { grant_type: "refresh_token", refresh_token: body.refresh_token, client_id: "spa" };
  assert.equal((await token(server, form)).body.error, "invalid_grant", "the refresh token is bound as well");
  const other = { dpop: new ProofKey().proof("POST", server.url("/token")) };
  assert.equal((await token(server, form, other)).body.error, "invalid_grant");
  assert.equal((await token(server, form, dpop())).status, 200);
});

const mistakes = /** @type {[string, (key: ProofKey, url: string) => string][]} */ ([
  ["no_jws", () => "proof"],
  ["two_proofs", (key, url) => `${key.proof("POST", url)}, ${key.proof("POST", url)}`],
  ["another_typ", (key, url) => key.proof("POST", url, { header: { typ: "JWT" } })],
  ["alg_none", (key, url) => key.proof("POST", url, { header: { alg: "none" } })],
  ["alg_of_another_key", (key, url) => key.proof("POST", url, { header: { alg: "ES384" } })],
  ["alg_of_objects_prototype", (key, url) => key.proof("POST", url, { header: { alg: "constructor" } })],
  ["no_jwk", (key, url) => key.proof("POST", url, { header: { jwk: undefined } })],
  ["another_jwk", (key, url) => key.proof("POST", url, { header: { jwk: new ProofKey().jwk() } })],
  ["a_private_jwk", (key, url) => key.proof("POST", url, { header: { jwk: key.privateJwk() } })],
  ["a_spoiled_signature", (key, url) => key.proof("POST", url, { spoil: true })],
  ["another_method", (key, url) => key.proof("GET", url)],
  ["another_url", (key, url) => key.proof("POST", `${url}/`)],
  ["a_url_with_query", (key, url) => key.proof("POST", `${url}?a=1`)],
  ["an_old_iat", (key, url) => key.proof("POST", url, { payload: { iat: Math.floor(Date.now() / 1000) - 120 } })],
  ["an_iat_to_come", (key, url) => key.proof("POST", url, { payload: { iat: Math.floor(Date.now() / 1000) + 120 } })],
  ["an_iat_that_is_text", (key, url) => key.proof("POST", url, { payload: { iat: "now" } })],
  ["no_jti", (key, url) => key.proof("POST", url, { payload: { jti: undefined } })],
]);
for (const [name, prove] of mistakes) {
  test(`proof_with_${name}_is_invalid_dpop_proof_and_spends_no_code`, async (t) => {
    const server = await startServer(t);
    const redirect = await authorize(server);
    const { status, body } = await token(server, exchange(redirect), { dpop: prove(new ProofKey(), server.url("/token")) });
    assert.deepEqual([status, body.error], [400, "invalid_dpop_proof"]);
    assert.equal(server.dpop.proofs.length, 0);
    assert.equal((await token(server, exchange(redirect))).status, 200);
  });
}

test("proof_that_was_used_before_is_refused", async (t) => {
  const server = await startServer(t);
  const dpop = new ProofKey().proof("POST", server.url("/token"), { payload: { jti: randomUUID() } });
  assert.equal((await token(server, exchange(await authorize(server)), { dpop })).status, 200);
  assert.equal((await token(server, exchange(await authorize(server)), { dpop })).body.error, "invalid_dpop_proof");
});

test("proof_is_demanded_where_it_is_required", async (t) => {
  const server = await startServer(t);
  server.dpop.required = true;
  assert.equal((await token(server, exchange(await authorize(server)))).body.error, "invalid_dpop_proof");
});

test("nonce_is_demanded_given_and_renewed", async (t) => {
  const server = await startServer(t);
  server.dpop.noncesAt.add("server");
  server.dpop.freshNonces = true;
  const key = new ProofKey();
  const redirect = await authorize(server);
  const send = (/** @type {string | null | undefined} */ nonce) =>
    token(server, exchange(redirect), { dpop: key.proof("POST", server.url("/token"), { payload: nonce ? { nonce } : {} }) });
  const first = await send(undefined);
  assert.equal(first.body.error, "use_dpop_nonce");
  const second = await send(first.headers.get("dpop-nonce"));
  assert.equal(second.status, 200);
  assert.notEqual(second.headers.get("dpop-nonce"), first.headers.get("dpop-nonce"));
  assert.equal((await send(first.headers.get("dpop-nonce"))).body.error, "use_dpop_nonce");
});

test("nonces_of_the_server_and_of_the_resource_differ", async (t) => {
  const server = await startServer(t);
  assert.notEqual(server.dpop.nonce("server"), server.dpop.nonce("resource"));
});

test("code_that_was_bound_at_the_authorization_endpoint_wants_that_key", async (t) => {
  const server = await startServer(t);
  const key = new ProofKey();
  const dpop = () => ({ dpop: key.proof("POST", server.url("/token")) });
  const bound = { dpop_jkt: thumbprint(key.jwk()) };
  assert.equal((await token(server, exchange(await authorize(server, bound)))).body.error, "invalid_dpop_proof");
  const other = { dpop: new ProofKey().proof("POST", server.url("/token")) };
  assert.equal((await token(server, exchange(await authorize(server, bound)), other)).body.error, "invalid_dpop_proof");
  assert.equal((await token(server, exchange(await authorize(server, bound)), dpop())).status, 200);
});

test("code_that_was_bound_when_the_request_was_pushed_wants_that_key", async (t) => {
  const server = await startServer(t);
  const key = new ProofKey();
  const pushed = await post(server.url("/par"), authorizationRequest(), { dpop: key.proof("POST", server.url("/par")) });
  const query = new URLSearchParams({ client_id: "spa", request_uri: pushed.body.request_uri });
  const redirect = await redirected(`${server.url("/authorize")}?${query}`);
  assert.equal((await token(server, exchange(redirect))).body.error, "invalid_dpop_proof");
});
