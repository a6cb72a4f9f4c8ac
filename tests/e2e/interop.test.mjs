// @ts-check
// One story, told with real authorization servers: somebody signs in, is refreshed, comes under suspicion, withdraws the
// tokens, signs out. With S256 and with plain.

import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { after, describe, test } from "node:test";

import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";
import { djangoEnvironment } from "../support/django.mjs";
import { LIFETIME, answering, django, oidcProvider } from "../support/interop-servers.mjs";

/** @typedef {import("../support/auth-tab.mjs").AuthTab} AuthTab */
/** @typedef {import("../support/interop-servers.mjs").InteropServer} InteropServer */

after(closeBrowser);

const { missing } = await djangoEnvironment();
/** @type {[server: InteropServer, skip: string | false][]} */
const SERVERS = [
  [oidcProvider, false],
  [django, missing ?? false],
];
const METHODS = /** @type {const} */ (["S256", "plain"]);
const nameOf = (/** @type {string} */ text) => text.toLowerCase().replace(/\W+/g, "_");

/**
 * What the browser sends to the server.
 * @typedef {object} Wire
 * @property {URL[]} visited  pages of the server
 * @property {{ url: string, form: Record<string, string> }[]} posted
 * @property {string[]} fetched
 */

/**
 * A stage with a real server, and what passes between it and the browser.
 * @param {import("node:test").TestContext} t
 * @param {InteropServer} kind
 * @param {Record<string, unknown>} [config]
 */
async function set(t, kind, config = {}) {
  const stage = await Stage.set(t, {
    ownContext: true,
    serve: kind.start,
    config: { storage: "local", autoRefresh: false, scope: "openid profile email", ...config },
  });
  const { issuer } = stage.server;
  const discovered = await json(`${issuer}/.well-known/openid-configuration`);
  if (kind.elsewhere) {
    const { revocation_endpoint: revocation } = await json(new URL(kind.elsewhere, issuer).href);
    stage.config.metadata = { revocation_endpoint: revocation };
  }
  const tab = await stage.tab();
  /** @type {Wire} */
  const wire = { visited: [], posted: [], fetched: [] };
  tab.page.context().on("request", (request) => {
    if (!request.url().startsWith(new URL(issuer).origin)) return;
    if (request.isNavigationRequest()) wire.visited.push(new URL(request.url()));
    else if (request.method() === "POST") {
      wire.posted.push({ url: request.url(), form: Object.fromEntries(new URLSearchParams(request.postData() ?? "")) });
    } else wire.fetched.push(request.url());
  });
  return { stage, tab, wire, discovered };
}

/** @param {string} url @returns {Promise<any>} */
async function json(url) {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  return response.json();
}

/**
 * A request of the test's own, as somebody else with the client's tokens would send it.
 * @param {string} endpoint
 * @param {string} refreshToken
 */
async function replay(endpoint, refreshToken) {
  const body = new URLSearchParams({ grant_type: "refresh_token", client_id: "spa", refresh_token: refreshToken });
  const response = await fetch(endpoint, { method: "POST", body });
  return { status: response.status, body: /** @type {any} */ (await response.json()) };
}

/** @param {string} endpoint @param {string} refreshToken @param {string} what */
async function assertRefused(endpoint, refreshToken, what) {
  const { status, body } = await replay(endpoint, refreshToken);
  assert.deepEqual([status, body.error], [400, "invalid_grant"], what);
}

/**
 * @param {string} jwt
 * @param {{ keys: import("node:crypto").JsonWebKey[] }} jwks
 */
function isSigned(jwt, jwks) {
  const [head, payload, signature] = jwt.split(".");
  const { alg, kid } = JSON.parse(Buffer.from(head, "base64url").toString());
  assert.equal(alg, "RS256");
  const key = jwks.keys.find((candidate) => candidate.kid === kid);
  assert.ok(key, "the key that it names is published");
  return verify("sha256", Buffer.from(`${head}.${payload}`), createPublicKey({ key, format: "jwk" }), Buffer.from(signature, "base64url"));
}

/**
 * @param {import("node:test").TestContext} t
 * @param {InteropServer} kind
 * @param {"S256" | "plain"} method
 */
async function story(t, kind, method) {
  const told = /** @type {string[]} */ ([]);
  const { stage, tab, wire, discovered } = await set(t, kind, { pkceMethod: method });
  t.after(() => t.diagnostic(`${kind.name}, ${method}: ${told.join(", ")}`));

  /** @param {string} step @param {() => Promise<void>} work */
  const tell = async (step, work) => {
    told.push(`${step} …`);
    await work();
    told[told.length - 1] = `${step} ok`;
  };
  const other = await stage.tab();
  let logins = 0;
  /** @param {readonly string[]} asked */
  const login = async (asked) => {
    assert.deepEqual(await answering(tab.page, kind.forms, tab.login()), asked);
    await tab.create();
    const { session: begun } = await tab.succeeds("handleCallback");
    logins += 1;
    assert.equal((await other.waitForEvent("signedIn", logins)).accessToken, begun.accessToken, "the other tab has the session");
    return begun;
  };
  const consent = kind.consentEachTime ? ["consent"] : [];
  const firstLogin = ["password", ...consent];
  const sentRefreshTokens = () => wire.posted.flatMap(({ url, form }) => (url === discovered.token_endpoint && form.refresh_token ? [form.refresh_token] : []));
  const sentTo = (/** @type {string} */ endpoint) => wire.posted.filter(({ url }) => url === endpoint).map(({ form }) => form);
  /** The first one, pushed (RFC 9126) where the server takes that. */
  const authorizationRequest = () => {
    const { pushed_authorization_request_endpoint: push, authorization_endpoint: endpoint } = discovered;
    const visited = wire.visited.find(({ href }) => href.startsWith(endpoint))?.searchParams;
    assert.equal(visited?.has("request_uri"), push !== undefined);
    return push === undefined ? Object.fromEntries(visited ?? []) : sentTo(push)[0];
  };
  /** The tab that stays is told each time; the one that comes and goes is a new page each time. */
  let ends = 0;
  /** @param {string} reason @param {string} code what who asks for a token then is told */
  const assertOverEverywhere = async (reason, code) => {
    ends += 1;
    assert.equal((await other.waitForEvent("signedOut", ends)).reason, reason);
    assert.equal((await tab.waitForEvent("signedOut")).reason, reason);
    for (const each of [tab, other]) {
      assert.equal(await each.succeeds("getSession"), null);
      await each.fails("getAccessToken", code);
    }
  };
  /** @type {any} */
  let session;
  /** @type {string} */
  let revocation;

  await tell("discovery", async () => {
    await tab.create();
    await other.create();
    const metadata = await tab.page.evaluate(() => /** @type {any} */ (globalThis).harness.client.metadata);
    for (const name of ["issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"]) {
      assert.equal(metadata[name], discovered[name], name);
    }
    assert.equal(metadata.issuer, stage.config.issuer);
    assert.ok(metadata.code_challenge_methods_supported.includes(method));
    revocation = metadata.revocation_endpoint;
    assert.equal(typeof revocation, "string");
  });

  await tell("login", async () => {
    session = await login(firstLogin);
    const request = authorizationRequest();
    const [{ grant_type: grant, code_verifier: verifier }] = sentTo(discovered.token_endpoint);
    assert.equal(grant, "authorization_code");
    const challenge = method === "plain" ? verifier : createHash("sha256").update(verifier).digest("base64url");
    assert.equal(request.code_challenge_method, method);
    assert.equal(request.code_challenge, challenge);
  });

  await tell("claims", async () => {
    const { claims, idToken } = session;
    assert.deepEqual([claims.iss, claims.aud], [stage.config.issuer, "spa"]);
    assert.equal(claims.nonce, authorizationRequest().nonce);
    for (const [name, value] of Object.entries(kind.claims)) assert.equal(claims[name], value, name);
    assert.ok(session.refreshable);
    assert.ok(session.expiresAt <= (await tab.now()) + LIFETIME * 1000);
    assert.ok(isSigned(idToken, await json(discovered.jwks_uri)));
    assert.ok(wire.fetched.includes(discovered.jwks_uri), "the client has looked for the key, too");
  });

  await tell("3 refreshes", async () => {
    const tokens = [session.accessToken];
    tokens.push((await tab.succeeds("refresh")).accessToken);
    tokens.push(await other.succeeds("getAccessToken", { minValidity: LIFETIME * 2 }));
    await tab.succeeds("startAutoRefresh");
    const { accessToken } = await tab.waitForEvent("refreshed", 3);
    await tab.succeeds("stopAutoRefresh");
    tokens.push(accessToken);
    assert.equal(new Set(tokens).size, 4, "each brought another access token");
    assert.equal(sentRefreshTokens().length, 3);
    assert.equal(new Set(sentRefreshTokens()).size, 3, "each sent another refresh token");
  });

  await tell("userInfo", async () => {
    const info = await tab.succeeds("userInfo");
    assert.equal(info.sub, session.claims.sub);
    for (const [name, value] of Object.entries(kind.claims)) assert.equal(info[name], value, name);
  });

  await tell(kind.graceful ? "replay just after gives the same tokens, an older one ends the session" : "replay ends the session", async () => {
    const sent = sentRefreshTokens();
    if (kind.graceful) {
      // What a client is for that lost the answer. The token before that one is a thief's.
      const { status, body } = await replay(discovered.token_endpoint, sent[2]);
      assert.equal(status, 200);
      assert.equal(body.access_token, (await tab.succeeds("getSession")).accessToken);
      assert.ok(!sent.includes(body.refresh_token), "the newest refresh token, which the client has, too");
      await assertRefused(discovered.token_endpoint, sent[1], "a refresh token whose successor was used");
    } else {
      await assertRefused(discovered.token_endpoint, sent[2], "a refresh token that was exchanged");
    }
    // Whose the tokens are the server cannot know now: it ends the family, and with it the client's session.
    const error = await tab.fails("refresh", "session_ended");
    assert.equal(error.action, "sign_in");
    assert.equal(error.oauthError, "invalid_grant");
    await assertOverEverywhere("session_ended", "session_ended");
  });

  await tell("login without password", async () => {
    session = await login(consent);
  });

  await tell("revoke", async () => {
    await tab.succeeds("revoke");
    const [first, second, ...more] = sentTo(revocation);
    assert.deepEqual([first.client_id, first.token_type_hint], ["spa", "refresh_token"]);
    assert.equal(second.token, session.accessToken);
    assert.deepEqual(more, []);
    await assertOverEverywhere("logout", "no_session");
    await assertRefused(discovered.token_endpoint, first.token, "a refresh token that was revoked");
    const response = await fetch(discovered.userinfo_endpoint, { headers: { authorization: `Bearer ${session.accessToken}` } });
    assert.equal(response.status, 401, "nor is its access token good");
  });

  await tell("login again", async () => {
    session = await login(consent);
  });

  await tell("logout", async () => {
    const before = sentTo(revocation).length;
    const asked = await answering(tab.page, kind.forms, tab.logout());
    assert.deepEqual(asked, kind.confirmsLogout ? ["logout"] : []);
    await tab.create();
    await tab.succeeds("handleLogoutCallback");
    assert.equal(await tab.succeeds("getSession"), null);
    assert.equal((await other.waitForEvent("signedOut", 3)).reason, "logout");
    const revoked = sentTo(revocation).slice(before);
    assert.equal(revoked[0]?.token_type_hint, "refresh_token", "and the tokens were revoked");
    await assertRefused(discovered.token_endpoint, revoked[0].token, "a refresh token of a session that is over");
  });

  await tell("login with password", async () => {
    await login(firstLogin);
    assert.deepEqual([await tab.unhandled(), await other.unhandled()], [[], []]);
  });
}

// Each waits for the schedule's refresh most of the time.
describe("interop", { concurrency: 4 }, () => {
  for (const [kind, skip] of SERVERS) {
    for (const method of METHODS) {
      test(`interop_${nameOf(kind.name)}_with_${method}_tells_the_whole_story`, { skip }, (t) => story(t, kind, method));
    }

    test(`interop_${nameOf(kind.name)}_sign_in_that_is_declined_is_authorization_failed`, { skip }, async (t) => {
      const { tab } = await set(t, kind);
      await tab.create();
      const asked = await answering(tab.page, kind.forms, tab.login({ appState: "before" }), kind.declines);
      assert.equal(asked.at(-1), kind.declines);
      await tab.create();
      assert.equal(new URL(tab.page.url()).searchParams.has("iss"), kind.namesItselfInErrors);
      const error = await tab.fails("handleCallback", "authorization_failed");
      assert.equal(error.oauthError, "access_denied");
      assert.equal(await tab.succeeds("getSession"), null);
    });

    test(`interop_${nameOf(kind.name)}_prompt_none_without_a_session_is_authorization_failed`, { skip }, async (t) => {
      const { tab } = await set(t, kind);
      await tab.create();
      assert.deepEqual(await answering(tab.page, kind.forms, tab.login({ prompt: "none" })), []);
      await tab.create();
      const error = await tab.fails("handleCallback", "authorization_failed");
      assert.equal(error.oauthError, "login_required");
    });
  }
});
