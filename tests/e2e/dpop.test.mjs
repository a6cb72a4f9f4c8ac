// @ts-check
// Tokens that are bound to a key (RFC 9449). The servers verify each proof with node:crypto, or are npm's oidc-provider.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";
import { fetched } from "../support/fetched.mjs";
import { providerStage } from "../support/provider-stage.mjs";

after(closeBrowser);

const DATABASE = "pixie-auth dpop";

/** A stage whose server gives tokens for proofs alone. @param {import("node:test").TestContext} t @param {import("../support/auth-tab.mjs").StageOptions} [options] */
async function dpopStage(t, { config = {}, ...options } = {}) {
  const stage = await Stage.set(t, { ownContext: true, config: { storage: "local", dpop: true, ...config }, ...options });
  stage.server.dpop.required = true;
  return stage;
}

/** @param {import("../support/auth-tab.mjs").AuthTab} tab */
const boundTo = async (tab) => new URL((await tab.succeeds("createLoginUrl")).url).searchParams.get("dpop_jkt");

/** The keys in a page's database: their number, and what can be done with them. @param {import("../support/auth-tab.mjs").AuthTab} tab */
function keysIn(tab) {
  return tab.page.evaluate(async (name) => {
    const done = (/** @type {any} */ request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const database = await done(indexedDB.open(name, 1));
    const pairs = await done(database.transaction("keys").objectStore("keys").getAll());
    database.close();
    return Promise.all(pairs.map(async (/** @type {CryptoKeyPair} */ { privateKey }) => ({
      extractable: privateKey.extractable,
      usages: privateKey.usages,
      exported: await crypto.subtle.exportKey("jwk", privateKey).then(() => true, () => false),
    })));
  }, DATABASE);
}

/** @param {import("../support/auth-tab.mjs").AuthTab} tab */
async function forgetKeys(tab) {
  await tab.page.evaluate((name) => new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = resolve;
    request.onerror = reject;
  }), DATABASE);
}

test("dpop_of_a_login_its_refreshes_and_a_reload_is_one_key_that_cannot_leave_the_browser", async (t) => {
  const stage = await dpopStage(t);
  const { tab, session } = await stage.signedInTab();
  assert.equal(session.tokenType, "DPoP");
  assert.equal((await tab.succeeds("refresh")).tokenType, "DPoP");
  await tab.reload();
  await tab.create();
  assert.equal((await tab.succeeds("getSession")).tokenType, "DPoP");
  await tab.succeeds("refresh");
  const { proofs } = stage.server.dpop;
  assert.equal(proofs.length, 3);
  assert.equal(new Set(proofs.map(({ keyThumbprint }) => keyThumbprint)).size, 1);
  const [authorization] = stage.server.requestsTo("/authorize");
  assert.equal(authorization.query.dpop_jkt, proofs[0].keyThumbprint);
  assert.deepEqual(await keysIn(tab), [{ extractable: false, usages: ["sign"], exported: false }]);
  const stored = JSON.stringify(await tab.stored("localStorage"));
  assert.ok(!stored.includes(proofs[0].header.jwk.x), "the key is in IndexedDB alone");
});

test("dpop_at_oidc_provider_with_nonces_signs_in_refreshes_and_reads_userinfo", async (t) => {
  const stage = await providerStage(t, { lifetime: 60, dpopNonce: true, config: { dpop: true } });
  const origin = new URL(stage.server.issuer).origin;
  const { tab, session } = await stage.signedInTab({ allowedOrigins: [origin] });
  assert.equal(session.tokenType, "DPoP");
  const outcomes = () => stage.server.tokenRequests.entries.map((/** @type {any} */ { grantType, outcome }) => `${grantType} ${outcome}`);
  assert.deepEqual(outcomes(), ["authorization_code use_dpop_nonce", "authorization_code success"]);
  await tab.succeeds("refresh");
  assert.deepEqual(outcomes().slice(2), ["refresh_token success"]);
  const userinfo = await fetched(tab, `${stage.server.issuer}/me`);
  assert.equal(userinfo.status, 200, userinfo.body);
  assert.equal(JSON.parse(userinfo.body).sub, session.claims.sub);
  assert.equal((await tab.succeeds("userInfo")).sub, session.claims.sub);
});

test("dpop_nonce_that_is_new_with_every_answer_costs_one_more_request_and_no_more", async (t) => {
  const stage = await dpopStage(t);
  stage.server.dpop.noncesAt.add("server");
  stage.server.dpop.freshNonces = true;
  const { tab } = await stage.signedInTab();
  assert.equal(stage.server.tokenRequests().length, 2);
  for (let count = 0; count < 3; count += 1) await tab.succeeds("refresh");
  assert.equal(stage.server.tokenRequests().length, 5, "the nonce of each answer is the next request's");
  stage.server.dpop.renewNonce("server");
  await tab.succeeds("refresh");
  assert.equal(stage.server.tokenRequests().length, 7);
});

test("dpop_of_a_pushed_request_proves_the_key_that_binds_the_code", async (t) => {
  const stage = await dpopStage(t);
  stage.server.par.required = true;
  stage.server.dpop.noncesAt.add("server");
  await stage.signedInTab();
  const paths = stage.server.dpop.proofs.map(({ path }) => path);
  assert.deepEqual(paths, ["/par", "/token"]);
});

test("dpop_tokens_of_another_type_are_refused", async (t) => {
  const stage = await dpopStage(t);
  stage.server.dpop.tokenType = "Bearer";
  const tab = await stage.tab();
  await tab.create();
  await tab.login();
  await tab.create();
  await tab.fails("handleCallback", "token_response_invalid");
});

test("dpop_key_of_tabs_that_open_at_the_same_time_is_one", async (t) => {
  const stage = await dpopStage(t);
  const tabs = await Promise.all([1, 2, 3].map(() => stage.tab()));
  await Promise.all(tabs.map((tab) => tab.create()));
  const bound = await Promise.all(tabs.map(boundTo));
  assert.ok(bound[0]);
  assert.equal(new Set(bound).size, 1);
  assert.equal((await keysIn(tabs[0])).length, 1);
});

test("dpop_key_that_is_lost_ends_the_session_and_a_login_begins_another", async (t) => {
  const stage = await dpopStage(t);
  const { tab } = await stage.signedInTab();
  await forgetKeys(tab);
  await tab.open();
  await tab.create();
  assert.equal(await tab.succeeds("getSession"), null);
  const error = await tab.fails("getAccessToken", "dpop_unavailable");
  assert.equal(error.action, "sign_in");
  assert.deepEqual(Object.keys(await tab.stored("localStorage")).filter((key) => key.endsWith(" session")), []);
  await tab.login();
  await tab.create();
  assert.equal((await tab.succeeds("handleCallback")).session.tokenType, "DPoP");
});

test("dpop_without_indexeddb_is_unavailable_but_for_a_session_in_memory", async (t) => {
  const stage = await dpopStage(t, {
    initScript: () => Object.defineProperty(globalThis, "indexedDB", { value: undefined }),
  });
  const tab = await stage.tab();
  await tab.createFails("dpop_unavailable");
  await tab.create({ storage: "memory" });
  assert.equal(await boundTo(tab), null, "the key is gone when the login comes back");
});

test("dpop_that_is_switched_on_binds_the_tokens_of_a_session_that_is_there", async (t) => {
  const stage = await Stage.set(t, { ownContext: true, config: { storage: "local" } });
  const { tab } = await stage.signedInTab();
  // A server that takes a refresh token from before, and binds what it gives for it (RFC 9449 §5).
  stage.server.shapeTokens = (body) => ({ ...body, token_type: "DPoP" });
  stage.server.dpop.atServer = () => ({ keyThumbprint: undefined });
  await tab.open();
  await tab.create({ dpop: true });
  await tab.waitForEvent("refreshed");
  assert.equal((await tab.succeeds("getSession")).tokenType, "DPoP");
  await tab.open();
  await tab.create();
  await tab.fails("getAccessToken", "dpop_unavailable");
});
