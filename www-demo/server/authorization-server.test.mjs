// @ts-check
// The authorization server as its clients meet it: over HTTP.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { startAuthorizationServer } from "./authorization-server.mjs";
import { UserAgent } from "./user-agent.mjs";

const APPLICATION = "http://localhost:4000";
const REDIRECT_URI = `${APPLICATION}/callback`;
const POST_LOGOUT_REDIRECT_URI = `${APPLICATION}/logged-out`;
const CLIENT_ID = "pixie-auth-demo";

/**
 * @param {import("node:test").TestContext} t
 * @param {Partial<import("./authorization-server.mjs").AuthorizationServerOptions>} [options]
 */
async function start(t, options = {}) {
  const server = await startAuthorizationServer({
    clients: [{ redirectUris: [REDIRECT_URI], postLogoutRedirectUris: [POST_LOGOUT_REDIRECT_URI] }],
    ...options,
  });
  t.after(() => server.close());
  return { server, agent: new UserAgent(server.issuer) };
}

/**
 * @param {string} issuer
 * @param {Record<string, string>} [parameters] Over the usual ones; an empty value leaves one out.
 */
function authorizationRequest(issuer, parameters = {}) {
  const verifier = randomBytes(32).toString("base64url");
  const url = new URL("/auth", issuer);
  const all = {
    response_type: "code",
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    scope: "openid profile email",
    state: "the-state",
    nonce: "the-nonce",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...parameters,
  };
  for (const [name, value] of Object.entries(all)) if (value) url.searchParams.set(name, value);
  return { url: url.href, verifier };
}

/** @param {import("./user-agent.mjs").Page} page */
function formAction(page, /** @type {string} */ step) {
  const action = new RegExp(`action="(?<path>/interaction/[^"]*/${step})"`).exec(page.text)?.groups?.path;
  assert.ok(action, `the page has no form for ${step}`);
  return action;
}

/**
 * @param {import("./authorization-server.mjs").AuthorizationServer} server
 * @param {UserAgent} agent
 * @returns {Promise<{ callback: URL, verifier: string }>}
 */
async function signIn(server, agent) {
  const { url, verifier } = authorizationRequest(server.issuer);
  const page = await agent.visit(url);
  const end = await agent.visit(formAction(page, "login"), server.account);
  return { callback: new URL(end.url), verifier };
}

/**
 * @param {import("./authorization-server.mjs").AuthorizationServer} server
 * @param {Record<string, string>} form
 * @param {string} [origin]
 */
async function tokenRequest(server, form, origin) {
  const response = await fetch(new URL("/token", server.issuer), {
    method: "POST",
    body: new URLSearchParams({ client_id: CLIENT_ID, ...form }),
    headers: origin ? { origin } : {},
  });
  return { status: response.status, headers: response.headers, body: /** @type {any} */ (await response.json()) };
}

/**
 * @param {import("./authorization-server.mjs").AuthorizationServer} server
 * @param {UserAgent} agent
 */
async function tokens(server, agent) {
  const { callback, verifier } = await signIn(server, agent);
  const code = callback.searchParams.get("code") ?? "";
  const form = { grant_type: "authorization_code", code, redirect_uri: REDIRECT_URI, code_verifier: verifier };
  const { status, body } = await tokenRequest(server, form);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/**
 * @param {import("./authorization-server.mjs").AuthorizationServer} server
 * @param {string} refreshToken
 */
function refresh(server, refreshToken) {
  return tokenRequest(server, { grant_type: "refresh_token", refresh_token: refreshToken });
}

/** @param {string} jwt @returns {any} */
function claimsOf(jwt) {
  return JSON.parse(Buffer.from(jwt.split(".")[1], "base64url").toString("utf8"));
}

test("sign_in_with_the_test_account_returns_code_state_and_iss", async (t) => {
  const { server, agent } = await start(t);
  const { callback } = await signIn(server, agent);
  assert.equal(callback.origin + callback.pathname, REDIRECT_URI);
  assert.equal(callback.searchParams.get("state"), "the-state");
  assert.equal(callback.searchParams.get("iss"), server.issuer);
  assert.ok(callback.searchParams.get("code"));
});

test("code_exchange_gives_tokens_of_the_asked_lifetime_and_the_accounts_claims", async (t) => {
  const { server, agent } = await start(t, { accessTokenTtl: 7 });
  const given = await tokens(server, agent);
  assert.equal(given.expires_in, 7);
  assert.equal(given.scope, "openid profile email");
  assert.ok(given.refresh_token, "a refresh token without prompt=consent");
  const claims = claimsOf(given.id_token);
  assert.equal(claims.iss, server.issuer);
  assert.equal(claims.aud, CLIENT_ID);
  assert.equal(claims.nonce, "the-nonce");
  assert.equal(claims.preferred_username, server.account.username);
  assert.ok(claims.email && claims.name);

  const response = await fetch(new URL("/me", server.issuer), { headers: { authorization: `Bearer ${given.access_token}` } });
  assert.equal(/** @type {any} */ (await response.json()).sub, claims.sub);
});

test("wrong_password_says_so_and_keeps_the_name", async (t) => {
  const { server, agent } = await start(t);
  const page = await agent.visit(authorizationRequest(server.issuer).url);
  const again = await agent.visit(formAction(page, "login"), { username: '"><script>', password: "wrong" });
  assert.equal(again.status, 400);
  assert.match(again.text, /role="alert"/);
  assert.match(again.text, /value="&quot;&gt;&lt;script&gt;"/);
  assert.doesNotMatch(again.text, /<script>/);
});

test("cancel_at_the_sign_in_page_returns_access_denied", async (t) => {
  const { server, agent } = await start(t);
  const page = await agent.visit(authorizationRequest(server.issuer).url);
  const end = new URL((await agent.visit(formAction(page, "abort"), {})).url);
  assert.equal(end.origin + end.pathname, REDIRECT_URI);
  assert.equal(end.searchParams.get("error"), "access_denied");
  assert.equal(end.searchParams.get("state"), "the-state");
});

test("sign_in_page_of_another_browser_is_refused_with_a_page", async (t) => {
  const { server, agent } = await start(t);
  const page = await agent.visit(authorizationRequest(server.issuer).url);
  const stranger = await new UserAgent(server.issuer).visit(formAction(page, "login"), server.account);
  assert.equal(stranger.status, 400);
  assert.match(stranger.text, /session_not_found/);
});

test("request_without_pkce_is_refused", async (t) => {
  const { server, agent } = await start(t);
  const { url } = authorizationRequest(server.issuer, { code_challenge: "", code_challenge_method: "" });
  const end = new URL((await agent.visit(url)).url);
  assert.equal(end.searchParams.get("error"), "invalid_request");
});

test("request_with_an_unregistered_redirect_uri_is_shown_not_redirected", async (t) => {
  const { server, agent } = await start(t);
  const { url } = authorizationRequest(server.issuer, { redirect_uri: "http://localhost:4001/callback" });
  const page = await agent.visit(url);
  assert.equal(page.status, 400);
  assert.match(page.text, /invalid_redirect_uri/);
});

test("prompt_none_without_a_session_returns_login_required", async (t) => {
  const { server, agent } = await start(t);
  const end = new URL((await agent.visit(authorizationRequest(server.issuer, { prompt: "none" }).url)).url);
  assert.equal(end.searchParams.get("error"), "login_required");
});

test("reused_refresh_token_revokes_its_whole_family", async (t) => {
  const { server, agent } = await start(t);
  const first = await tokens(server, agent);
  const second = await refresh(server, first.refresh_token);
  assert.equal(second.status, 200);
  assert.notEqual(second.body.refresh_token, first.refresh_token);

  assert.equal((await refresh(server, first.refresh_token)).body.error, "invalid_grant");
  assert.equal((await refresh(server, second.body.refresh_token)).body.error, "invalid_grant");
  const response = await fetch(new URL("/me", server.issuer), {
    headers: { authorization: `Bearer ${second.body.access_token}` },
  });
  assert.equal(response.status, 401);
});

test("refresh_without_rotation_keeps_the_token_good", async (t) => {
  const { server, agent } = await start(t, { rotate: false });
  const first = await tokens(server, agent);
  const second = await refresh(server, first.refresh_token);
  const third = await refresh(server, first.refresh_token);
  assert.deepEqual([second.status, third.status], [200, 200]);
  assert.notEqual(second.body.access_token, third.body.access_token);
});

test("sign_in_after_revocation_starts_a_new_family", async (t) => {
  const { server, agent } = await start(t);
  const first = await tokens(server, agent);
  await refresh(server, first.refresh_token);
  assert.equal((await refresh(server, first.refresh_token)).body.error, "invalid_grant");

  // The server's session still stands, so no page comes between.
  const { url, verifier } = authorizationRequest(server.issuer);
  const code = new URL((await agent.visit(url)).url).searchParams.get("code") ?? "";
  const form = { grant_type: "authorization_code", code, redirect_uri: REDIRECT_URI, code_verifier: verifier };
  const { body } = await tokenRequest(server, form);
  assert.equal((await refresh(server, body.refresh_token)).status, 200);
});

test("token_answer_is_readable_by_the_applications_origin_alone", async (t) => {
  const { server, agent } = await start(t);
  const { refresh_token } = await tokens(server, agent);
  const form = { grant_type: "refresh_token", refresh_token };
  const foreign = await tokenRequest(server, form, "http://localhost:4001");
  assert.equal(foreign.headers.get("access-control-allow-origin"), null);
  assert.equal(foreign.body.error, "invalid_request");
  const own = await tokenRequest(server, form, APPLICATION);
  assert.equal(own.headers.get("access-control-allow-origin"), APPLICATION);
  assert.equal(own.status, 200);
});

test("token_requests_are_counted_by_grant_and_outcome", async (t) => {
  /** @type {string[]} */
  const told = [];
  const { server, agent } = await start(t, { onTokenRequest: ({ grantType, outcome }) => told.push(`${grantType} ${outcome}`) });
  const { refresh_token } = await tokens(server, agent);
  await refresh(server, refresh_token);
  await refresh(server, "no such token");
  await tokenRequest(server, { grant_type: "password" });
  assert.deepEqual(server.tokenRequests.counts, {
    authorization_code: { success: 1 },
    refresh_token: { success: 1, invalid_grant: 1 },
    password: { unsupported_grant_type: 1 },
  });
  assert.equal(server.tokenRequests.count("refresh_token"), 2);
  assert.equal(server.tokenRequests.count("refresh_token", "success"), 1);
  assert.equal(told.length, 4);
  server.tokenRequests.clear();
  assert.equal(server.tokenRequests.count(), 0);
});

test("delayed_token_answer_comes_after_the_work_is_done", async (t) => {
  const { server, agent } = await start(t);
  const { refresh_token } = await tokens(server, agent);
  server.setTokenDelay(60_000);
  const controller = new AbortController();
  const pending = fetch(new URL("/token", server.issuer), {
    method: "POST",
    body: new URLSearchParams({ client_id: CLIENT_ID, grant_type: "refresh_token", refresh_token }),
    signal: controller.signal,
  });
  const outcome = assert.rejects(pending, { name: "AbortError" });
  while (server.tokenRequests.count("refresh_token", "success") === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  controller.abort();
  await outcome;
  server.setTokenDelay(0);
  assert.equal((await refresh(server, refresh_token)).body.error, "invalid_grant", "it was rotated before the answer");
});

test("logout_with_an_id_token_hint_submits_itself_and_returns_with_state", async (t) => {
  const { server, agent } = await start(t);
  const { id_token, refresh_token } = await tokens(server, agent);
  const url = new URL("/session/end", server.issuer);
  url.search = new URLSearchParams({
    id_token_hint: id_token,
    post_logout_redirect_uri: POST_LOGOUT_REDIRECT_URI,
    state: "logout-state",
  }).toString();
  const page = await agent.visit(url.href);
  assert.match(page.text, /submit-logout\.js/);
  const xsrf = /name="xsrf" value="(?<value>[^"]*)"/.exec(page.text)?.groups?.value ?? "";
  const end = await agent.visit("/session/end/confirm", { xsrf, logout: "yes" });
  assert.equal(end.url, `${POST_LOGOUT_REDIRECT_URI}?state=logout-state`);

  assert.equal((await refresh(server, refresh_token)).body.error, "invalid_grant");
  const next = await agent.visit(authorizationRequest(server.issuer).url);
  assert.match(next.text, /type="password"/);
});

test("logout_without_a_hint_asks_the_person", async (t) => {
  const { server, agent } = await start(t);
  await tokens(server, agent);
  const page = await agent.visit("/session/end");
  assert.doesNotMatch(page.text, /submit-logout\.js/);
  assert.match(page.text, /Sign out\?/);
});

test("required_consent_is_asked_once_and_its_scopes_are_granted", async (t) => {
  const { server, agent } = await start(t, { requireConsent: true });
  const { url, verifier } = authorizationRequest(server.issuer);
  const login = await agent.visit(url);
  const consent = await agent.visit(formAction(login, "login"), server.account);
  assert.match(consent.text, /Allow access\?/);
  const code = new URL((await agent.visit(formAction(consent, "consent"), {})).url).searchParams.get("code") ?? "";
  const form = { grant_type: "authorization_code", code, redirect_uri: REDIRECT_URI, code_verifier: verifier };
  assert.equal((await tokenRequest(server, form)).body.scope, "openid profile email");

  const again = new URL((await agent.visit(authorizationRequest(server.issuer).url)).url);
  assert.ok(again.searchParams.get("code"), "the second time nobody is asked");
});

test("resource_indicator_is_bound_to_the_token_where_the_server_knows_it", async (t) => {
  const resource = "https://notes.example/";
  const { server, agent } = await start(t, { resources: { [resource]: { scope: "notes:read" } } });
  const { url, verifier } = authorizationRequest(server.issuer, { resource, scope: "openid notes:read" });
  const page = await agent.visit(url);
  const code = new URL((await agent.visit(formAction(page, "login"), server.account)).url).searchParams.get("code") ?? "";
  const form = { grant_type: "authorization_code", code, redirect_uri: REDIRECT_URI, code_verifier: verifier, resource };
  assert.equal((await tokenRequest(server, form)).body.scope, "notes:read");

  const unknown = authorizationRequest(server.issuer, { resource: "https://unknown.example/" });
  assert.equal(new URL((await agent.visit(unknown.url)).url).searchParams.get("error"), "invalid_target");
});

test("pages_forbid_inline_script_and_allow_the_redirect_after_a_form", async (t) => {
  const { server, agent } = await start(t);
  const page = await agent.visit(authorizationRequest(server.issuer).url);
  const policy = page.headers.get("content-security-policy") ?? "";
  assert.match(policy, /script-src 'self'(?:;|$)/);
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, new RegExp(`form-action 'self' ${APPLICATION}(?:;|$)`));
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(page.text, /<style|style=|<script(?! src)|onclick/);
});

test("two_servers_on_one_machine_keep_their_own_cookies_and_tokens", async (t) => {
  const { server: one, agent } = await start(t);
  const { server: other } = await start(t);
  const { refresh_token } = await tokens(one, agent);
  assert.equal((await refresh(other, refresh_token)).body.error, "invalid_grant");
  const names = async (/** @type {string} */ issuer) =>
    (await fetch(authorizationRequest(issuer).url, { redirect: "manual" })).headers
      .getSetCookie()
      .map((header) => header.split("=")[0]);
  const ofOther = new Set(await names(other.issuer));
  assert.ok(ofOther.size > 0);
  for (const name of await names(one.issuer)) assert.ok(!ofOther.has(name), `${name} is used by both`);
});

test("start_prints_no_warnings_that_configuration_could_avoid", async (t) => {
  /** @type {unknown[]} */
  const printed = [];
  t.mock.method(console, "warn", (/** @type {unknown} */ text) => printed.push(text));
  t.mock.method(console, "info", (/** @type {unknown} */ text) => printed.push(text));
  const { server, agent } = await start(t);
  const { refresh_token } = await tokens(server, agent);
  await refresh(server, refresh_token);
  assert.deepEqual(printed, []);
});
