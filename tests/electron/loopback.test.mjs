// @ts-check
// Sign-in of an Electron app in the system's browser, over a loopback port, against the demo's authorization server.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";

import { closeBrowser } from "../support/browser.mjs";
import { authorizationServer, CLIENT, electronMissing, signInThere, startApp, systemBrowser } from "../support/electron-app.mjs";

after(closeBrowser);

/** Who signs in. */
const SUBJECT = "a7c1e9d4-pixie";

const missing = await electronMissing();
const skip = missing ?? false;

/** @param {import("node:test").TestContext} t @param {{ windows?: number, lifetime?: number, config?: object, userData?: string }} [options] */
async function staged(t, { windows = 1, lifetime, config = {}, userData } = {}) {
  const server = await authorizationServer(t, { lifetime });
  const whole = { issuer: server.issuer, clientId: CLIENT, scope: "openid profile offline_access", origins: ["app://notes"], ...config };
  const started = await startApp(t, { config: whole, windows, userData });
  const pages = [];
  while (pages.length < windows) pages.push(...started.app.windows().slice(pages.length), ...(started.app.windows().length < windows ? [await started.app.waitForEvent("window")] : []));
  await Promise.all(pages.map((page) => page.waitForFunction(() => "ready" in globalThis)));
  return { server, config: whole, pages: [...new Set(pages)], browser: await systemBrowser(started.app), ...started };
}

test("electron_versionsOfThisRun", { skip }, async (t) => {
  const { app } = await staged(t, { windows: 0 });
  const { electron, chrome, node } = await app.evaluate(() => process.versions);
  t.diagnostic(`Electron ${electron}, Chromium ${chrome}, Node ${node}`);
  assert.ok(electron);
});

test("electron_signInOverLoopback_signsInEveryWindowAndShowsThePage", { skip }, async (t) => {
  const { pages: [page, other], browser } = await staged(t, { windows: 2, config: { par: "never" } });
  await Promise.all([page, other].map((one) => one.evaluate(async () => void (await globalThis.ready))));
  const signedIn = page.evaluate(async () => (await client.loginPopup()).claims);
  const url = await browser.opened();
  const { searchParams } = new URL(url);
  assert.match(`${searchParams.get("redirect_uri")}`, /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  assert.equal(searchParams.get("code_challenge_method"), "S256");
  const shown = await signInThere(t, url);
  await shown.getByText("You can go back now").waitFor();
  assert.equal((await signedIn).sub, SUBJECT);
  for (const one of [page, other]) {
    const session = await one.evaluate(async () => ({ ...(await client.getSession()), has: (await client.getSession()).hasScope("profile") }));
    assert.deepEqual([session.claims.sub, session.refreshable, session.has], [SUBJECT, true, true]);
    await one.waitForFunction(() => told.some(([name]) => name === "signedIn"));
  }
});

test("electron_rendererUnderAStrictPolicy_makesPkcePairsInItsOwnWebAssembly", { skip }, async (t) => {
  const { pages: [page] } = await staged(t);
  const [pair, challenge] = await page.evaluate(() => {
    const made = pkce.generatePkce();
    return [made, pkce.codeChallenge(made.codeVerifier)];
  });
  assert.equal(pair.codeChallenge, challenge);
});

test("electron_scriptInTheWindow_findsNoRefreshToken", { skip }, async (t) => {
  // Kept where the test can read it, as nobody should.
  const { pages: [page], browser, app, userData } = await staged(t, { config: { dangerouslyKeepTokensWithoutKeyring: true } });
  const signedIn = page.evaluate(async () => (await (await globalThis.ready).loginPopup()).accessToken);
  await signInThere(t, await browser.opened());
  const accessToken = await signedIn;
  assert.equal(await app.evaluate(async () => (await globalThis.auth).keeps), "open file");
  const kept = Object.values(JSON.parse(readFileSync(join(userData, "pixie-auth.json.open"), "utf8"))).map((text) => Buffer.from(text, "base64").toString());
  const refreshToken = new URLSearchParams(kept.find((text) => text.includes("refresh_token="))).get("refresh_token");
  assert.ok(refreshToken);
  const found = await page.evaluate(async () => {
    const seen = [];
    const visited = new Set();
    const look = (value, path, depth) => {
      if (typeof value === "string") seen.push(value);
      if ((typeof value !== "object" && typeof value !== "function") || value === null || visited.has(value) || depth > 6) return;
      visited.add(value);
      for (const key of Reflect.ownKeys(value)) {
        try {
          look(value[key], `${path}.${String(key)}`, depth + 1);
        } catch {
          // A getter of something else's.
        }
      }
    };
    look(globalThis.pixieAuth, "bridge", 0);
    look(globalThis.client, "client", 0);
    const asking = Object.entries(globalThis.pixieAuth).filter(([name]) => !["signIn", "signOut", "listen"].includes(name));
    for (const [, call] of asking) look(await Promise.race([Promise.resolve().then(() => call()).catch(() => null), new Promise((resolve) => setTimeout(resolve, 500))]), "answer", 0);
    for (const storage of [localStorage, sessionStorage]) seen.push(...Object.values(storage));
    return { seen, bridge: Object.keys(globalThis.pixieAuth).sort(), node: [typeof require, typeof process, typeof globalThis.ipcRenderer] };
  });
  assert.deepEqual(found.bridge, ["authorize", "getAccessToken", "getSession", "listen", "open", "refresh", "signIn", "signOut", "userInfo"]);
  assert.deepEqual(found.node, ["undefined", "undefined", "undefined"]);
  assert.ok(found.seen.includes(accessToken), "the hunt finds what is there to be found");
  assert.ok(!found.seen.some((text) => text.includes(refreshToken)));
});

test("electron_frameOfAnotherOrigin_thatCallsTheBridgeIsRefused", { skip }, async (t) => {
  const { pages: [page], server } = await staged(t);
  await page.evaluate((source) => new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.onload = resolve;
    frame.src = source;
    document.body.append(frame);
  }), `${server.issuer}/`);
  const frame = page.frames().find((one) => one !== page.mainFrame());
  assert.ok(frame);
  const answer = await frame.evaluate(() => globalThis.pixieAuth?.getAccessToken());
  assert.equal(answer.error.code, "origin_not_allowed");
  assert.equal(answer.value, undefined);
});

test("electron_withoutAKeyring_keepsTokensInMemoryAndAsksAgain", { skip }, async (t) => {
  const first = await staged(t);
  const signedIn = first.pages[0].evaluate(async () => (await (await globalThis.ready).loginPopup()).claims.sub);
  await signInThere(t, await first.browser.opened());
  assert.equal(await signedIn, SUBJECT);
  assert.equal(await first.app.evaluate(async () => (await globalThis.auth).keeps), "memory");
  await first.close();
  assert.deepEqual(readdirSync(first.userData).filter((name) => name.startsWith("pixie-auth")), []);
  const again = await startApp(t, { config: first.config, userData: first.userData });
  const page = await again.app.firstWindow();
  await page.waitForFunction(() => "ready" in globalThis);
  assert.equal(await page.evaluate(async () => (await globalThis.ready).getSession()), null);
});

test("electron_tokensThroughThreeLives_areRefreshedOnceACycleForBothWindows", { skip }, async (t) => {
  const { pages: [page, other], browser, server } = await staged(t, { windows: 2, lifetime: 4, config: { autoRefresh: { leadTime: 1, jitter: 0 } } });
  const signedIn = page.evaluate(async () => (await (await globalThis.ready).loginPopup()).accessToken);
  await signInThere(t, await browser.opened());
  const first = await signedIn;
  await other.evaluate(async () => (await globalThis.ready).getSession());
  for (const one of [page, other]) await one.waitForFunction(() => told.filter(([name]) => name === "refreshed").length >= 3, undefined, { timeout: 25_000 });
  const asked = server.tokenRequests.entries.filter(({ grantType }) => grantType === "refresh_token");
  assert.ok(asked.length === 3 || asked.length === 4, `${asked.length} requests`);
  assert.ok(asked.every(({ outcome }) => outcome === "success"));
  const tokens = await Promise.all([page, other].map((one) => one.evaluate(() => client.getAccessToken())));
  assert.equal(tokens[0], tokens[1]);
  assert.notEqual(tokens[0], first);
});

test("electron_browserThatNeverComesBack_isATimeoutInTheWindow", { skip }, async (t) => {
  const { pages: [page], browser } = await staged(t, { config: { signInTimeout: 0.3 } });
  const failed = page.evaluate(async () => (await globalThis.ready).loginPopup().then(() => "signed in", ({ code, action, retryable }) => [code, action, retryable]));
  await browser.opened();
  assert.deepEqual(await failed, ["timeout", "retry", true]);
});
