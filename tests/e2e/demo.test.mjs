// @ts-check
// The demo as a person uses it, against a real authorization server (oidc-provider), with the packed package in it:
// login → claims → the access token runs out → a new one without the person → a reload keeps the session → sign out.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";

import { startDemo } from "../../www-demo/server/index.mjs";
import { closeBrowser, freshContext } from "../support/browser.mjs";
import { packedPackage } from "../support/packed-package.mjs";

after(closeBrowser);

/** The demo's pages find everything by these. @param {import("playwright-core").Page} page @param {string} id */
const at = (page, id) => page.locator(`[data-testid="${id}"]`);
const STATUS = { in: "Signed in", out: "Signed out" };

/**
 * @param {import("node:test").TestContext} t
 * @param {Parameters<typeof startDemo>[0]} options
 */
async function openDemo(t, options) {
  const { directory } = await packedPackage();
  const demo = await startDemo({ packageFolder: directory, ...options });
  t.after(() => demo.close());
  const context = await freshContext(t);
  const page = await context.newPage();
  const problems = /** @type {string[]} */ ([]);
  page.on("pageerror", (error) => problems.push(error.message));
  const authorizations = /** @type {string[]} */ ([]);
  page.on("request", (request) => {
    if (request.url().startsWith(`${demo.issuer}/auth`)) authorizations.push(request.url());
  });
  await page.goto(demo.url);
  return { demo, context, page, problems, authorizations };
}

/** @param {import("playwright-core").Page} page @param {keyof typeof STATUS} state */
async function waitForStatus(page, state) {
  await at(page, "status").filter({ hasText: STATUS[state] }).waitFor();
}

/**
 * @param {import("playwright-core").Page} page
 * @param {import("../../www-demo/server/index.mjs").Demo} demo
 */
async function signIn(page, demo) {
  await at(page, "sign-in").click();
  await page.locator("#username").fill(demo.account.username);
  await page.locator("#password").fill(demo.account.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await waitForStatus(page, "in");
}

/** @param {import("playwright-core").Page} page @param {string} event */
const eventsOf = (page, event) => at(page, "events").locator(`[data-event="${event}"]`);

/** @param {import("playwright-core").Page} page @param {string} name */
const claim = (page, name) => at(page, "claims").locator(`[data-claim="${name}"] td`).first().textContent();

test("demo_session_outlives_its_access_token_and_a_reload_until_the_sign_out", async (t) => {
  const { demo, page, problems, authorizations } = await openDemo(t, { accessTokenTtl: 6 });
  const { tokenRequests } = demo.authorizationServer;
  await waitForStatus(page, "out");
  assert.equal(tokenRequests.entries.length, 0, "nothing is asked for before the person asks");

  await t.test("login_shows_the_claims", async () => {
    await signIn(page, demo);
    assert.equal(new URL(page.url()).search, "", "the code is out of the address bar");
    assert.equal(await at(page, "subject").textContent(), "a7c1e9d4-pixie");
    assert.equal(await claim(page, "name"), "Pixie Hollowell");
    assert.equal(await claim(page, "iss"), demo.issuer);
    assert.deepEqual(await at(page, "scopes").locator("li").allTextContents(), ["openid", "profile", "email"]);
    assert.equal(tokenRequests.count("authorization_code", "success"), 1);
    assert.equal(authorizations.length > 0, true);
  });

  await t.test("access_token_is_replaced_before_it_runs_out_without_the_person", async () => {
    const before = authorizations.length;
    await eventsOf(page, "refreshed").first().waitFor();
    assert.match((await at(page, "expires-in").textContent()) ?? "", /^[1-6] s$/, "the new one has its life before it");
    assert.equal(await at(page, "status").textContent(), STATUS.in);
    assert.deepEqual(tokenRequests.counts, { authorization_code: { success: 1 }, refresh_token: { success: 1 } });
    assert.equal(authorizations.length, before, "nobody was sent to the authorization endpoint");
  });

  await t.test("access_token_that_has_run_out_is_replaced_when_it_is_asked_for", async () => {
    const before = authorizations.length;
    await at(page, "auto-refresh").click();
    await at(page, "expires-in").filter({ hasText: "expired" }).waitFor();
    assert.equal(await at(page, "status").textContent(), STATUS.in, "a session outlives its access token");
    assert.equal(tokenRequests.count("refresh_token"), 1);
    await at(page, "get-token").click();
    await at(page, "token-result").waitFor();
    assert.deepEqual(tokenRequests.counts, { authorization_code: { success: 1 }, refresh_token: { success: 2 } });
    assert.equal(authorizations.length, before);
  });

  await t.test("reload_keeps_the_session", async () => {
    const before = authorizations.length;
    await page.reload();
    await waitForStatus(page, "in");
    assert.equal(await at(page, "subject").textContent(), "a7c1e9d4-pixie");
    assert.equal(authorizations.length, before);
    assert.equal(tokenRequests.count("authorization_code"), 1);
    // The stored refresh token is the newest one: an older one would end the session.
    await at(page, "refresh-now").click();
    await eventsOf(page, "refreshed").first().waitFor();
    assert.equal(tokenRequests.count("refresh_token"), tokenRequests.count("refresh_token", "success"));
    assert.equal(tokenRequests.count("authorization_code"), 1);
  });

  await t.test("sign_out_ends_the_session_here_and_at_the_server", async () => {
    await at(page, "sign-out").click();
    await page.waitForURL(`${demo.url}/**`);
    await waitForStatus(page, "out");
    const count = tokenRequests.entries.length;
    const entries = await page.evaluate(() => [...Object.entries(sessionStorage), ...Object.entries(localStorage)]);
    // The server's metadata name its grants.
    const stored = JSON.stringify(entries.filter(([key]) => !key.endsWith(" metadata")));
    assert.doesNotMatch(stored, /refresh_token|access_token|eyJ/);
    assert.equal(await at(page, "error").isVisible(), false);
    await page.reload();
    await waitForStatus(page, "out");
    await at(page, "sign-in").click();
    await page.locator("#password").waitFor();
    assert.equal(tokenRequests.entries.length, count, "no token was asked for after the sign-out");
  });
  assert.deepEqual(problems, []);
});

test("demo_refresh_now_makes_one_request_however_often_it_is_pressed", async (t) => {
  const { demo, page } = await openDemo(t, { accessTokenTtl: 600, tokenDelay: 300 });
  await signIn(page, demo);
  const { tokenRequests } = demo.authorizationServer;
  await page.evaluate(() => {
    const button = /** @type {any} */ (globalThis).document.querySelector('[data-testid="refresh-now"]');
    for (let press = 0; press < 3; press += 1) button.click();
  });
  await eventsOf(page, "refreshed").first().waitFor();
  assert.equal(tokenRequests.count("refresh_token"), 1);
  assert.equal(tokenRequests.count("refresh_token", "success"), 1);
});

test("demo_sign_out_here_only_leaves_the_servers_session", async (t) => {
  const { demo, page } = await openDemo(t, { accessTokenTtl: 600 });
  await signIn(page, demo);
  await at(page, "sign-out-local").click();
  await waitForStatus(page, "out");
  await at(page, "sign-in").click();
  // The server still knows the person and asks for no password.
  await waitForStatus(page, "in");
  assert.equal(demo.authorizationServer.tokenRequests.count("authorization_code", "success"), 2);
});

test("demo_cancelled_sign_in_is_told_and_may_be_begun_again", async (t) => {
  const { demo, page } = await openDemo(t, { accessTokenTtl: 600 });
  await at(page, "sign-in").click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await at(page, "error").waitFor();
  assert.equal(await at(page, "error-code").textContent(), "authorization_failed");
  await waitForStatus(page, "out");
  await signIn(page, demo);
  assert.equal(await at(page, "error").isVisible(), false);
});

test("demo_session_that_the_server_ended_is_told", async (t) => {
  const { demo, page } = await openDemo(t, { accessTokenTtl: 600 });
  await signIn(page, demo);
  const { provider } = demo.authorizationServer;
  // What an administrator's "sign out everywhere" does: every refresh token of this server is worth nothing.
  const find = provider.RefreshToken.find;
  provider.RefreshToken.find = async () => undefined;
  t.after(() => {
    provider.RefreshToken.find = find;
  });
  await at(page, "refresh-now").click();
  await waitForStatus(page, "out");
  await at(page, "error").waitFor();
  assert.equal(await at(page, "error-code").textContent(), "session_ended");
  assert.equal(await eventsOf(page, "signedOut").count(), 1);
});

test("demo_pkce_playground_gives_a_new_pair_at_each_press", async (t) => {
  const { page } = await openDemo(t, {});
  const read = async () => [await at(page, "pkce-verifier").textContent(), await at(page, "pkce-challenge").textContent()];
  const seen = new Set();
  for (let press = 0; press < 3; press += 1) {
    const [verifier, challenge] = await read();
    assert.equal(createHash("sha256").update(verifier ?? "").digest("base64url"), challenge);
    seen.add(verifier);
    await at(page, "pkce-new").click();
  }
  assert.equal(seen.size, 3);
});
