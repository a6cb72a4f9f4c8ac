// @ts-check
// The server's ID tokens, verified with node:crypto alone; and its key set.

import assert from "node:assert/strict";
import { constants, createHmac, createPublicKey, verify } from "node:crypto";
import { test } from "node:test";

import { VERIFIER, authorize, decoded, exchange, signIn, startServer, token } from "./bare-client.mjs";
import { IdTokenIssuer } from "./id-token.mjs";
import * as odd from "./odd-keys.mjs";
import { ASYMMETRIC, halfHash, signingKey } from "./signing-keys.mjs";

/**
 * Whether the key of the set that the header names, or any where it names none, signed it.
 * @param {string} jwt
 * @param {{ keys: any[] }} keySet
 */
function isSigned(jwt, { keys }) {
  const [header] = decoded(jwt);
  const [head, payload, signature] = jwt.split(".");
  return keys.some((jwk) => {
    if (header.kid !== undefined && header.kid !== jwk.kid) return false;
    const key = createPublicKey({ key: jwk, format: "jwk" });
    const hash = header.alg === "EdDSA" ? null : `sha${header.alg.slice(2)}`;
    const pss = header.alg.startsWith("PS") ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(header.alg.slice(2)) / 8 } : {};
    return verify(hash, Buffer.from(`${head}.${payload}`), { key, dsaEncoding: "ieee-p1363", ...pss }, Buffer.from(signature, "base64url"));
  });
}

const keySetOf = (/** @type {IdTokenIssuer} */ issuer) => /** @type {{ keys: any[] }} */ (issuer.keySet());

for (const algorithm of ASYMMETRIC) {
  test(`idToken_${algorithm}_is_signed_by_the_key_that_it_names`, () => {
    const issuer = new IdTokenIssuer();
    issuer.algorithm = algorithm;
    const jwt = issuer.issue({ sub: "alice" });
    const [header, payload] = decoded(jwt);
    assert.equal(header.alg, algorithm);
    assert.equal(header.kid, keySetOf(issuer).keys[0].kid);
    assert.deepEqual(payload, { sub: "alice" });
    assert.ok(isSigned(jwt, keySetOf(issuer)));
    issuer.signature = "flipped";
    assert.ok(!isSigned(issuer.issue({ sub: "alice" }), keySetOf(issuer)));
  });
}

test("idToken_HS256_is_keyed_with_what_it_is_told", () => {
  const issuer = new IdTokenIssuer();
  issuer.algorithm = "HS256";
  for (const secret of ["spa", issuer.key.publicKeyText()]) {
    issuer.hmacSecret = secret;
    const [head, payload, signature] = issuer.issue({}).split(".");
    assert.equal(signature, createHmac("sha256", secret).update(`${head}.${payload}`).digest("base64url"));
  }
});

test("idToken_none_has_no_signature", () => {
  const issuer = new IdTokenIssuer();
  issuer.algorithm = "none";
  const jwt = issuer.issue({ sub: "alice" });
  assert.deepEqual(decoded(jwt)[0], { alg: "none", typ: "JWT" });
  assert.ok(jwt.endsWith("."));
});

test("idToken_of_a_stranger_names_a_key_that_is_not_published", () => {
  const issuer = new IdTokenIssuer();
  issuer.signer = "stranger";
  const jwt = issuer.issue({});
  assert.ok(keySetOf(issuer).keys.every(({ kid }) => kid !== decoded(jwt)[0].kid));
});

test("idToken_of_an_impostor_names_the_published_key_and_is_not_signed_by_it", () => {
  const issuer = new IdTokenIssuer();
  issuer.signer = "impostor";
  const jwt = issuer.issue({});
  assert.equal(decoded(jwt)[0].kid, keySetOf(issuer).keys[0].kid);
  assert.ok(!isSigned(jwt, keySetOf(issuer)));
});

test("idToken_without_kid_is_signed_by_the_last_of_several_keys", () => {
  const issuer = new IdTokenIssuer();
  issuer.namesKey = false;
  issuer.beside = [signingKey("RS256", "beside")];
  const jwt = issuer.issue({});
  const { keys } = keySetOf(issuer);
  assert.equal(keys.length, 2);
  assert.ok(!isSigned(jwt, { keys: keys.slice(0, 1) }));
  assert.ok(isSigned(jwt, { keys: keys.slice(1) }));
});

test("rotation_replaces_the_key", () => {
  const issuer = new IdTokenIssuer();
  const before = keySetOf(issuer);
  issuer.rotate();
  const jwt = issuer.issue({});
  assert.notEqual(keySetOf(issuer).keys[0].kid, before.keys[0].kid);
  assert.ok(isSigned(jwt, keySetOf(issuer)));
  assert.ok(!isSigned(jwt, { keys: before.keys.map((jwk) => ({ ...jwk, kid: decoded(jwt)[0].kid })) }));
});

test("halfHash_gives_the_values_of_oidc_core_appendix_a", () => {
  assert.equal(halfHash("RS256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
  assert.equal(halfHash("RS256", "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"), "LDktKdoQak3Pk0cnXxCltA");
  assert.equal(Buffer.from(halfHash("ES512", "x"), "base64url").length, 32);
});

test("idToken_carries_hashes_and_auth_time_where_they_were_asked_for", async (t) => {
  const server = await startServer(t);
  assert.equal(decoded((await signIn(server)).id_token)[1].at_hash, undefined);
  server.idTokens.hashes = ["at_hash", "c_hash"];
  const redirect = await authorize(server, { max_age: "60" });
  const { body } = await token(server, exchange(redirect));
  const [, claims] = decoded(body.id_token);
  assert.equal(claims.at_hash, halfHash("RS256", body.access_token));
  assert.equal(claims.c_hash, halfHash("RS256", redirect.get("code") ?? ""));
  assert.ok(Math.abs(claims.auth_time - Date.now() / 1000) < 5);
  assert.ok(server.secrets.has(VERIFIER));
});

test("key_set_is_kept_by_browsers_only_when_told", async (t) => {
  const server = await startServer(t);
  assert.equal((await fetch(server.url("/jwks"))).headers.get("cache-control"), "no-store");
  server.keySetMaxAge = 600;
  assert.equal((await fetch(server.url("/jwks"))).headers.get("cache-control"), "max-age=600");
});

test("key_set_with_odd_entries_keeps_the_good_key", async (t) => {
  const server = await startServer(t);
  const { key } = server.idTokens;
  server.idTokens.shapeKeySet = ({ keys }) => ({
    keys: [...odd.nonsense(), odd.unknownKeyType(), odd.keyForEncryption(), odd.duplicateKeyId(key), odd.shortRsaKey().jwk(), ...keys],
  });
  const { keys } = await (await fetch(server.url("/jwks"))).json();
  assert.deepEqual(keys.at(-1), key.jwk());
  assert.equal(/** @type {any} */ (odd.leakedPrivateKey(key)).d.length > 100, true);
  assert.equal(Buffer.from(odd.shortRsaKey().jwk().n ?? "", "base64url").length, 128);
});
