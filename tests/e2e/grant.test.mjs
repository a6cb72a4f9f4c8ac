// @ts-check
// Other grants at the token endpoint, and the session that one may become.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import * as answers from "../support/answers.mjs";
import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";
import { TOKEN_EXCHANGE } from "../support/token-endpoint.mjs";

after(closeBrowser);

const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";
const DEVICE = "urn:example:device";

/** @param {string} token */
const exchange = (token) => ({ subject_token: token, subject_token_type: ACCESS_TOKEN_TYPE, scope: "notes" });

/**
 * A grant of the server's own, whose tokens may be refreshed no further.
 * @param {Stage} stage
 */
function knowsDevices(stage) {
  stage.server.token.grantTypes[DEVICE] = () =>
    answers.json({ access_token: stage.server.grants.secret("access"), token_type: "Bearer", expires_in: 600, scope: "notes" });
}

test("grant_of_a_token_exchange_gives_a_session_and_leaves_the_tabs_own", async (t) => {
  const stage = await Stage.set(t, { config: { resource: "https://notes.example" } });
  const { tab, session } = await stage.signedInTab();
  const granted = await tab.succeeds("grant", TOKEN_EXCHANGE, { ...exchange(session.accessToken), audience: ["a", "b"], client_id: "eve" });
  assert.notEqual(granted.accessToken, session.accessToken);
  assert.deepEqual([granted.scope, granted.claims, granted.refreshable], [["notes"], null, false]);
  const { fields } = /** @type {any} */ (stage.server.tokenRequests().at(-1));
  assert.deepEqual(fields.getAll("audience"), ["a", "b"]);
  assert.deepEqual(fields.getAll("client_id"), ["spa"]);
  assert.deepEqual(fields.getAll("resource"), ["https://notes.example"]);
  assert.equal((await tab.succeeds("getSession")).accessToken, session.accessToken);
  assert.equal((await tab.eventsOf("signedIn")).length, 1, "that of the login");
});

test("grant_without_a_session_that_is_adopted_signs_in_every_tab_and_outlives_a_reload", async (t) => {
  const stage = await Stage.set(t, { ownContext: true, config: { storage: "local" } });
  knowsDevices(stage);
  const tab = await (await stage.tab()).create();
  const other = await (await stage.tab()).create();
  const granted = await tab.succeeds("grant", DEVICE, { device_code: "d" }, { adopt: true });
  assert.equal((await tab.waitForEvent("signedIn")).accessToken, granted.accessToken);
  assert.equal((await other.waitForEvent("signedIn")).accessToken, granted.accessToken);
  await tab.reload();
  await tab.create();
  assert.equal((await tab.succeeds("getSession")).accessToken, granted.accessToken);
});

test("grant_whose_adoption_a_logout_overtakes_is_no_session", async (t) => {
  const stage = await Stage.set(t);
  knowsDevices(stage);
  const { tab } = await stage.signedInTab();
  stage.server.tokenDelay = 500;
  const granting = tab.call("grant", DEVICE, { device_code: "d" }, { adopt: true });
  await stage.server.received("/token", 2);
  await tab.succeeds("logout", { local: true });
  assert.equal((await granting).error?.code, "no_session");
  assert.equal(await tab.succeeds("getSession"), null);
});

test("grant_that_is_refused_tells_the_servers_words_but_not_what_was_sent", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  const words = (/** @type {string} */ description) => answers.oauthError("invalid_grant", { description });
  stage.server.token.grantTypes[DEVICE] = ({ form }) => words(form.otp ? `otp ${form.otp} is wrong` : "expired");
  const error = await tab.fails("grant", "token_request_failed", DEVICE, { device_code: "d" });
  assert.deepEqual([error.oauthError, error.oauthErrorDescription, error.action], ["invalid_grant", "expired", "sign_in"]);
  const silent = await tab.fails("grant", "token_request_failed", DEVICE, { otp: "4711" });
  assert.deepEqual([silent.oauthErrorDescription, silent.surface.includes("4711")], [undefined, false]);
  await tab.fails("grant", "token_request_failed", "urn:example:unknown", {});
});

test("grant_that_is_none_is_refused_and_nothing_is_sent", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  await tab.fails("grant", "invalid_config");
  await tab.fails("grant", "invalid_config", DEVICE);
  await tab.fails("grant", "invalid_config", DEVICE, { otp: 7 });
  await tab.fails("grant", "invalid_config", DEVICE, { otp: { deep: "x" } });
  assert.equal(stage.server.tokenRequests().length, 0);
});

test("grant_whose_answer_is_no_access_token_is_given_but_not_adopted", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  stage.server.token.grantTypes[DEVICE] = () => answers.json({ access_token: "assertion-1", token_type: "N_A" });
  assert.equal((await tab.succeeds("grant", DEVICE, {})).accessToken, "assertion-1");
  await tab.fails("grant", "token_response_invalid", DEVICE, {}, { adopt: true });
  assert.equal(await tab.succeeds("getSession"), null);
});

test("grant_with_an_id_token_holds_it_to_the_servers_key", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: stage.server.issuer, sub: "alice", aud: "spa", iat: now, exp: now + 60 };
  let idToken = stage.server.idTokens.issue(claims);
  stage.server.token.grantTypes[DEVICE] = () => answers.json({ access_token: "at", token_type: "Bearer", id_token: idToken });
  assert.equal((await tab.succeeds("grant", DEVICE, {}, { adopt: true })).claims.sub, "alice");
  const [head, , signature] = idToken.split(".");
  idToken = [head, Buffer.from(JSON.stringify({ ...claims, sub: "eve" })).toString("base64url"), signature].join(".");
  await tab.fails("grant", "id_token_signature", DEVICE, {}, { adopt: true });
  assert.equal((await tab.succeeds("getSession")).claims.sub, "alice");
});
