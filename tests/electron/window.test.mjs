// @ts-check
// What a window of an Electron app can do, and what it cannot.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";

import { build } from "esbuild";

import { closeBrowser } from "../support/browser.mjs";
import { authorizationServer, electronMissing, signInFrom, staged } from "../support/electron-app.mjs";
import { signInThere, SUBJECT } from "../support/outside-browser.mjs";
import { projectWithPackage } from "../support/packed-package.mjs";

after(closeBrowser);

const skip = (await electronMissing()) ?? false;

test("electron_versionsOfThisRun", { skip }, async (t) => {
  const { app } = await staged(t, { windows: 0 });
  const { electron, chrome, node } = await app.evaluate(() => process.versions);
  t.diagnostic(`Electron ${electron}, Chromium ${chrome}, Node ${node}`);
  assert.ok(electron);
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
    const asking = Object.entries(globalThis.pixieAuth).filter(([name]) => !["signIn", "signOut", "revoke", "listen"].includes(name));
    for (const [, call] of asking) look(await Promise.race([Promise.resolve().then(() => call()).catch(() => null), new Promise((resolve) => setTimeout(resolve, 500))]), "answer", 0);
    for (const storage of [localStorage, sessionStorage]) seen.push(...Object.values(storage));
    return { seen, bridge: Object.keys(globalThis.pixieAuth).sort(), node: [typeof require, typeof process, typeof globalThis.ipcRenderer] };
  });
  assert.deepEqual(found.bridge, ["abortSignIn", "authorize", "getAccessToken", "getSession", "listen", "open", "refresh", "revoke", "signIn", "signOut", "startAutoRefresh", "stopAutoRefresh", "userInfo"]);
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

/** How a call of a window's ends. @param {import("playwright-core").Page} page @param {string} name @param {any} [argument] */
const outcome = (page, name, argument) =>
  page.evaluate(async ([method, given]) => {
    const { code, message, name: error } = await (await globalThis.ready)[method](given).then((value) => ({ code: value ?? null }), (reason) => reason);
    return [code, message, error];
  }, [name, argument]);

test("electron_window_hasTheClientsCallsAndSaysWhichAreTheMainProcesss", { skip }, async (t) => {
  const { pages: [page, other], browser, app, server } = await staged(t, { windows: 2, config: { allowedOrigins: ["https://elsewhere.test"] } });
  assert.equal((await outcome(page, "getAccessToken"))[0], "no_session");
  assert.equal((await outcome(page, "loginPopup", { maxAge: "soon" }))[0], "invalid_config");
  const signedIn = signInFrom(page);
  await signInThere(t, await browser.opened());
  assert.equal(await signedIn, SUBJECT);
  assert.equal((await page.evaluate(() => client.userInfo())).sub, SUBJECT);
  assert.equal((await outcome(page, "fetch", `${server.issuer}/me`))[0], "origin_not_allowed");
  for (const method of ["createLoginUrl", "loginSilent", "handleCallback", "handleLogoutCallback", "grant"]) {
    const [code, message] = await outcome(page, method);
    assert.equal(code, "invalid_config", method);
    assert.match(message, new RegExp(method));
  }
  await page.evaluate(() => (client.stopAutoRefresh(), client.startAutoRefresh()));
  await page.evaluate(() => client.revoke());
  await other.waitForFunction(() => told.some(([name]) => name === "signedOut"));
  assert.equal(await other.evaluate(() => client.getSession()), null);
  await app.evaluate(async () => (await globalThis.auth).close());
  const [code, , name] = await outcome(page, "getSession");
  assert.deepEqual([code, name], ["client_closed", "AuthError"]);
});

test("electron_window_fetchesWithTheTokenAndSignsOutAtTheServer", { skip }, async (t) => {
  const server = await authorizationServer(t);
  const { pages: [page], browser } = await staged(t, { server, config: { allowedOrigins: [server.issuer] } });
  const signedIn = signInFrom(page);
  await signInThere(t, await browser.opened());
  await signedIn;
  assert.equal((await page.evaluate(async (url) => (await client.fetch(url)).json(), `${server.issuer}/me`)).sub, SUBJECT);
  const out = page.evaluate(() => client.logout());
  assert.match(await browser.opened(), /\/session\/end\?/);
  assert.match(`${(await out).url}`, /\/session\/end\?/);
  assert.equal(await page.evaluate(() => client.getSession()), null);
});

test("electron_signInThatTheWindowAborts_endsAndItsListenerToo", { skip }, async (t) => {
  const { pages: [page], browser } = await staged(t, { config: { par: "never" } });
  await page.evaluate(async () => {
    const own = /** @type {any} */ (globalThis);
    await own.ready;
    own.controller = new AbortController();
    own.failed = client.loginPopup({ signal: own.controller.signal }).then(() => "signed in", ({ code, retryable }) => [code, retryable]);
  });
  const redirectUri = `${new URL(await browser.opened()).searchParams.get("redirect_uri")}`;
  await page.evaluate(() => /** @type {any} */ (globalThis).controller.abort());
  assert.deepEqual(await page.evaluate(() => /** @type {any} */ (globalThis).failed), ["aborted", true]);
  await assert.rejects(fetch(redirectUri), TypeError);
});

test("electron_whatCannotBeHandedOver_isATypedError", { skip }, async (t) => {
  const { pages: [page] } = await staged(t);
  const code = await page.evaluate(async () => (await globalThis.ready).loginPopup({ appState: () => {} }).then(() => null, (error) => error.code));
  assert.equal(code, "invalid_config");
});

test("electron_preloadScriptOfTheAppsOwn_hasOursInIt", { skip }, async (t) => {
  const project = await projectWithPackage({
    "preload.js": `import "pixie-auth/electron/preload"; import { contextBridge } from "electron"; contextBridge.exposeInMainWorld("own", { name: "notes" });`,
  });
  t.after(() => project.remove());
  const preload = join(project.path, "bundled.cjs");
  await build({ entryPoints: [join(project.path, "preload.js")], outfile: preload, bundle: true, platform: "node", format: "cjs", external: ["electron"], logLevel: "error" });
  const { pages: [page] } = await staged(t, { preload });
  assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).own.name), "notes");
  assert.equal(await page.evaluate(async () => (await globalThis.ready).getSession()), null);
});
