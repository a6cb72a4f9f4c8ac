// @ts-check
// The good way: from login() to a session that outlives a reload, and what goes over the wire on it.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";

import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";

after(closeBrowser);

test("login_sends_the_protocols_parameters_and_nothing_else", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  await tab.login();
  const [{ query }] = stage.server.requestsTo("/authorize");
  assert.deepEqual(Object.keys(query).sort(), [
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
  ]);
  assert.equal(query.client_id, "spa");
  assert.equal(query.code_challenge_method, "S256");
  assert.equal(query.redirect_uri, stage.config.redirectUri);
  assert.equal(query.response_type, "code");
  assert.equal(query.scope, "openid");
  assert.match(query.code_challenge, /^[A-Za-z0-9_-]{43}$/);
  // At least 128 bits each, and not one for both.
  assert.match(query.state, /^[A-Za-z0-9_-]{22,}$/);
  assert.match(query.nonce, /^[A-Za-z0-9_-]{22,}$/);
  assert.notEqual(query.state, query.nonce);
});

test("handleCallback_sends_the_exact_form_without_cookies_or_preflight", async (t) => {
  const stage = await Stage.set(t);
  const { tab } = await stage.signedInTab();
  const requests = stage.server.tokenRequests();
  assert.equal(requests.length, 1);
  const [{ form, headers }] = requests;
  const { query } = stage.server.requestsTo("/authorize")[0];
  assert.deepEqual(Object.keys(form).sort(), ["client_id", "code", "code_verifier", "grant_type", "redirect_uri"]);
  assert.equal(form.grant_type, "authorization_code");
  assert.equal(form.client_id, "spa");
  assert.equal(form.redirect_uri, stage.config.redirectUri);
  assert.equal(form.code, new URL(tab.page.url()).searchParams.get("code") ?? form.code);
  assert.equal(createHash("sha256").update(form.code_verifier).digest("base64url"), query.code_challenge);
  assert.equal(headers.cookie, undefined);
  assert.equal(headers.authorization, undefined);
  assert.match(headers["content-type"] ?? "", /^application\/x-www-form-urlencoded/);
  assert.equal(stage.server.requestsTo("/token", "OPTIONS").length, 0, "a simple request needs no preflight");
});

test("requests_on_the_pages_own_origin_carry_no_cookies", async (t) => {
  const stage = await Stage.set(t, { sameOrigin: true });
  const { tab } = await stage.signedInTab();
  const [{ headers }] = stage.server.tokenRequests();
  assert.equal(headers.cookie, undefined);
  await tab.page.evaluate(() => sessionStorage.clear());
  await tab.create();
  const discoveries = stage.server.requestsTo("/.well-known/openid-configuration");
  assert.ok(discoveries.length >= 2, "one before the sign-in, one after it, when the cookie was there");
  for (const { headers: sent } of [...discoveries, ...stage.server.requestsTo("/jwks")]) assert.equal(sent.cookie, undefined);
});

test("handleCallback_gives_the_session_the_server_granted", async (t) => {
  const stage = await Stage.set(t, { config: { scope: "openid profile email" } });
  stage.server.shapeTokens = (body) => ({ ...body, scope: "openid profile" });
  const before = Date.now();
  const { session } = await stage.signedInTab();
  assert.match(session.accessToken, /^access-/);
  assert.equal(session.tokenType, "Bearer");
  assert.deepEqual(session.scope, ["openid", "profile"], "what was granted, not what was asked");
  assert.equal(session.hasOpenid, true);
  assert.equal(session.hasNonsense, false);
  assert.equal(session.refreshable, true);
  assert.equal(session.claims.sub, "alice");
  assert.equal(session.claims.name, "Alice Liddell");
  assert.equal(session.claims.iss, stage.server.issuer);
  assert.match(session.idToken, /^ey/);
  assert.ok(session.expiresAt >= before + 3500_000 && session.expiresAt <= Date.now() + 3600_000, "an hour from the request");
});

test("handleCallback_scope_absent_means_what_was_asked", async (t) => {
  const stage = await Stage.set(t, { config: { scope: "openid profile" } });
  stage.server.shapeTokens = (body) => ({ ...body, scope: undefined });
  const { session } = await stage.signedInTab();
  assert.deepEqual(session.scope, ["openid", "profile"]);
});

test("handleCallback_no_refresh_token_gives_a_session_that_is_not_refreshable", async (t) => {
  const stage = await Stage.set(t);
  stage.server.shapeTokens = (body) => ({ ...body, refresh_token: undefined });
  const { tab, session } = await stage.signedInTab();
  assert.equal(session.refreshable, false);
  await tab.fails("refresh", "no_refresh_token");
});

test("handleCallback_extra_members_like_session_state_are_borne", async (t) => {
  const stage = await Stage.set(t);
  stage.server.shapeTokens = (body) => ({ ...body, session_state: "7f", ext_expires_in: 5, nested: { deep: [null] } });
  stage.server.shapeAuthorizationResponse = (parameters) => ({ ...parameters, session_state: "7f", client_info: "x" });
  const { session } = await stage.signedInTab();
  assert.match(session.accessToken, /^access-/);
});

test("handleCallback_without_openid_gives_a_session_without_claims", async (t) => {
  const stage = await Stage.set(t, { config: { scope: "notes:read" } });
  const { session } = await stage.signedInTab();
  assert.equal(session.claims, null);
  assert.equal(session.idToken ?? null, null);
  assert.equal(stage.server.requestsTo("/authorize")[0].query.scope, "notes:read");
});

test("login_options_reach_the_authorization_endpoint", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  await tab.login({
    scope: "openid email",
    prompt: "login",
    loginHint: "alice & co",
    maxAge: 0,
    acrValues: "urn:mfa",
    uiLocales: "de en",
    extraParameters: { ui_theme: "dark", empty: "" },
  });
  const [{ query }] = stage.server.requestsTo("/authorize");
  assert.equal(query.scope, "openid email");
  assert.equal(query.prompt, "login");
  assert.equal(query.login_hint, "alice & co");
  assert.equal(query.max_age, "0");
  assert.equal(query.acr_values, "urn:mfa");
  assert.equal(query.ui_locales, "de en");
  assert.equal(query.ui_theme, "dark");
});

test("config_resource_reaches_both_endpoints", async (t) => {
  const stage = await Stage.set(t, { config: { resource: ["https://api.example/a", "https://api.example/b"] } });
  const tab = await (await stage.tab()).create();
  const { url } = await tab.succeeds("createLoginUrl");
  assert.deepEqual(new URL(url).searchParams.getAll("resource"), ["https://api.example/a", "https://api.example/b"]);
  await tab.login();
  await tab.create();
  await tab.succeeds("handleCallback");
  const sent = new URLSearchParams(stage.server.tokenRequests()[0].body);
  assert.deepEqual(sent.getAll("resource"), ["https://api.example/a", "https://api.example/b"]);
});

test("appState_comes_back_through_the_redirect", async (t) => {
  const appState = { from: "/inbox?x=1&y=ü", nested: { list: [1, null, "two", true] } };
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  await tab.login({ appState });
  await tab.create();
  const result = await tab.succeeds("handleCallback");
  assert.deepEqual(result.appState, appState);
  assert.ok(!JSON.stringify(stage.server.requests).includes("inbox"), "it never leaves the browser");
});

test("appState_structured_clonable_values_come_back_as_they_were", async (t) => {
  // Made and compared in the page: not all of these survive the way to the test.
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  const url = await tab.page.evaluate(async () => {
    const { client } = /** @type {any} */ (globalThis).harness;
    const appState = {
      at: new Date(1_700_000_000_000),
      nothing: undefined,
      notANumber: NaN,
      below: -0,
      endless: -Infinity,
      big: 12n,
      map: new Map([[{ key: 1 }, new Set(["a"])]]),
      pattern: /x+/gi,
      bytes: new Uint8Array([1, 2, 255]),
      buffer: new Uint16Array([513]).buffer,
      sparse: [undefined, null],
      marked: { $: "d", v: 0 },
      proto: JSON.parse('{"__proto__": {"polluted": true}}'),
    };
    return (await client.createLoginUrl({ appState })).url;
  });
  await tab.page.goto(url);
  await tab.create();
  const differences = await tab.page.evaluate(async () => {
    const { client } = /** @type {any} */ (globalThis).harness;
    const { appState } = await client.handleCallback();
    const [entry] = appState.map instanceof Map ? appState.map : [];
    const holds = {
      at: appState.at instanceof Date && appState.at.getTime() === 1_700_000_000_000,
      nothing: "nothing" in appState && appState.nothing === undefined,
      notANumber: Object.is(appState.notANumber, NaN),
      below: Object.is(appState.below, -0),
      endless: appState.endless === -Infinity,
      big: appState.big === 12n,
      map: entry?.[0]?.key === 1 && entry[1] instanceof Set && entry[1].has("a"),
      pattern: appState.pattern instanceof RegExp && String(appState.pattern) === "/x+/gi",
      bytes: appState.bytes instanceof Uint8Array && String(appState.bytes) === "1,2,255",
      buffer: appState.buffer instanceof ArrayBuffer && new Uint16Array(appState.buffer)[0] === 513,
      sparse: appState.sparse.length === 2 && appState.sparse[0] === undefined && appState.sparse[1] === null,
      marked: appState.marked.$ === "d" && appState.marked.v === 0,
      proto: /** @type {any} */ ({}).polluted === undefined && appState.proto.polluted === undefined,
    };
    return Object.entries(holds).filter(([, held]) => !held).map(([name]) => name);
  });
  assert.deepEqual(differences, []);
});

test("extraParameters_cannot_override_the_protocols_own", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  const foreign = {
    client_id: "evil",
    redirect_uri: "https://evil.example/",
    response_type: "token",
    response_mode: "fragment",
    scope: "everything",
    state: "evil",
    nonce: "evil",
    code_challenge: "evil",
    code_challenge_method: "plain",
    request: "evil",
    request_uri: "https://evil.example/request",
  };
  for (const [name, value] of Object.entries(foreign)) {
    const outcome = await tab.call("createLoginUrl", { extraParameters: { [name]: value } });
    if (!outcome.ok) {
      assert.equal(outcome.error.code, "invalid_config", name);
      continue;
    }
    const given = new URL(outcome.value.url).searchParams.getAll(name);
    assert.ok(given.length <= 1, `${name} is there once at most`);
    assert.notEqual(given[0], value, `${name} is the protocol's`);
  }
});

test("createLoginUrl_gives_the_same_request_as_a_value", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  const first = await tab.succeeds("createLoginUrl");
  const second = await tab.succeeds("createLoginUrl");
  const [one, two] = [first, second].map(({ url }) => new URL(url).searchParams);
  assert.equal(one.get("state"), first.state);
  for (const name of ["state", "nonce", "code_challenge"]) assert.notEqual(one.get(name), two.get(name), `${name} is fresh`);
  assert.equal(stage.server.requestsTo("/authorize").length, 0, "nobody went there yet");
  const callback = await fetch(first.url, { redirect: "manual" }).then((response) => response.headers.get("location"));
  const { session } = await tab.succeeds("handleCallback", callback);
  assert.equal(session.claims.sub, "alice");
});

test("createLoginUrl_endpoint_with_a_query_keeps_it", async (t) => {
  const stage = await Stage.set(t);
  stage.server.shapeMetadata = (metadata) => ({ ...metadata, authorization_endpoint: stage.server.url("/authorize?tenant=a%20b") });
  const tab = await (await stage.tab()).create();
  const { url } = await tab.succeeds("createLoginUrl");
  const { searchParams } = new URL(url);
  assert.equal(searchParams.get("tenant"), "a b");
  assert.equal(searchParams.get("client_id"), "spa");
});

test("config_metadata_instead_of_discovery_makes_no_request", async (t) => {
  const stage = await Stage.set(t);
  const tab = await stage.tab();
  await tab.create({ issuer: undefined, metadata: stage.server.metadata() });
  const { url } = await tab.succeeds("createLoginUrl");
  assert.ok(url.startsWith(stage.server.url("/authorize?")));
  assert.deepEqual(stage.server.requests, []);
});

test("signedIn_is_raised_once_with_the_session", async (t) => {
  const stage = await Stage.set(t);
  const { tab, session } = await stage.signedInTab();
  await tab.succeeds("handleCallback");
  const raised = await tab.eventsOf("signedIn");
  assert.equal(raised.length, 1);
  assert.equal(raised[0].accessToken, session.accessToken);
});

for (const storage of ["session", "local"]) {
  test(`reload_with_storage_${storage}_keeps_the_session`, async (t) => {
    const stage = await Stage.set(t);
    const { tab, session } = await stage.signedInTab({ storage });
    await tab.open("/");
    await tab.create({ storage });
    const kept = await tab.succeeds("getSession");
    assert.deepEqual(kept, session);
    assert.equal(await tab.succeeds("getAccessToken"), session.accessToken);
    assert.equal(stage.server.tokenRequests().length, 1, "nothing was asked for again");
  });
}

test("reload_with_storage_memory_forgets_the_session_and_leaves_nothing_behind", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create({ storage: "memory" });
  const { url } = await tab.succeeds("createLoginUrl");
  const callback = await fetch(url, { redirect: "manual" }).then((response) => response.headers.get("location"));
  await tab.succeeds("handleCallback", callback);
  assert.match(await tab.succeeds("getAccessToken"), /^access-/);
  const stored = JSON.stringify([await tab.stored("localStorage"), await tab.stored("sessionStorage")]);
  for (const secret of stage.server.secrets) assert.ok(!stored.includes(secret), "no secret is in the page's storage");
  await tab.reload();
  await tab.create({ storage: "memory" });
  assert.equal(await tab.succeeds("getSession"), null);
});

test("login_with_storage_memory_comes_back_through_the_redirect", async (t) => {
  const stage = await Stage.set(t, { config: { storage: "memory" } });
  const { tab } = await stage.signedInTab();
  assert.match(await tab.succeeds("getAccessToken"), /^access-/);
  const stored = JSON.stringify([await tab.stored("localStorage"), await tab.stored("sessionStorage")]);
  for (const secret of stage.server.secrets) assert.ok(!stored.includes(secret), "the login under way left nothing of worth behind");
});

test("storage_session_is_the_default", async (t) => {
  const stage = await Stage.set(t);
  const { tab, session } = await stage.signedInTab();
  assert.deepEqual(await tab.stored("localStorage"), {});
  assert.ok(JSON.stringify(await tab.stored("sessionStorage")).includes(session.accessToken));
});

test("verifier_and_code_are_gone_from_storage_after_the_callback", async (t) => {
  const stage = await Stage.set(t);
  const { tab } = await stage.signedInTab();
  const stored = JSON.stringify(await tab.stored("sessionStorage"));
  const { form } = stage.server.tokenRequests()[0];
  assert.ok(!stored.includes(form.code_verifier));
  assert.ok(!stored.includes(form.code));
});

test("getSession_and_getAccessToken_before_any_login_say_so", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  assert.equal(await tab.succeeds("getSession"), null);
  const error = await tab.fails("getAccessToken", "no_session");
  assert.equal(error.action, "sign_in");
  await tab.fails("refresh", "no_session");
  assert.equal(stage.server.tokenRequests().length, 0);
});
