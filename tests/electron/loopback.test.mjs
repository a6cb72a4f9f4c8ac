// @ts-check
// Sign-in of an Electron app in the system's browser, over a loopback port, against the demo's authorization server.

import assert from "node:assert/strict";
import { request } from "node:http";
import { createServer } from "node:net";
import { after, test } from "node:test";

import { closeBrowser } from "../support/browser.mjs";
import { electronMissing, signInFrom, staged } from "../support/electron-app.mjs";
import { hasList, listeners, listeningAt, LOOPBACK } from "../support/listeners.mjs";
import { signInThere, SUBJECT } from "../support/outside-browser.mjs";

after(closeBrowser);

const skip = (await electronMissing()) ?? false;

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

test("electron_browserThatNeverComesBack_isATimeoutInTheWindow", { skip }, async (t) => {
  const { pages: [page], browser } = await staged(t, { config: { signInTimeout: 0.3 } });
  const failed = page.evaluate(async () => (await globalThis.ready).loginPopup().then(() => "signed in", ({ code, action, retryable }) => [code, action, retryable]));
  await browser.opened();
  assert.deepEqual(await failed, ["timeout", "retry", true]);
});

test("electron_twoSignInsAtOnce_bothEndInTheirWindows", { skip }, async (t) => {
  const { pages: [page, other], browser, server } = await staged(t, { windows: 2, config: { par: "never" } });
  const signedIn = [signInFrom(page), signInFrom(other)];
  const [first, second] = [await browser.opened(), await browser.opened()];
  assert.notEqual(new URL(first).searchParams.get("redirect_uri"), new URL(second).searchParams.get("redirect_uri"));
  assert.notEqual(new URL(first).searchParams.get("state"), new URL(second).searchParams.get("state"));
  // The one that was begun last is ended first.
  await signInThere(t, second);
  await signInThere(t, first);
  assert.deepEqual(await Promise.all(signedIn), [SUBJECT, SUBJECT]);
  assert.deepEqual(server.tokenRequests.entries.map(({ grantType, outcome }) => [grantType, outcome]), [["authorization_code", "success"], ["authorization_code", "success"]]);
});

/** @param {string} redirectUri @param {{ method?: string, host?: string, query?: string, body?: string }} how @returns {Promise<number | undefined>} the status */
function sent(redirectUri, { method = "GET", host, query = "", body }) {
  return new Promise((resolve, reject) => {
    const { port, pathname, host: own } = new URL(redirectUri);
    request({ host: "127.0.0.1", port, path: `${pathname}${query}`, method, headers: { host: host ?? own, "Content-Type": "application/x-www-form-urlencoded" } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject).end(body);
  });
}

test("electron_listener_turnsOthersAwayAndTheSignInGoesOn", { skip }, async (t) => {
  const { pages: [page], browser, server } = await staged(t, { config: { par: "never" } });
  const signedIn = signInFrom(page);
  const url = await browser.opened();
  const { searchParams } = new URL(url);
  const redirectUri = `${searchParams.get("redirect_uri")}`;
  const redirect = `code=another&state=${searchParams.get("state")}&iss=${encodeURIComponent(server.issuer)}`;
  assert.equal(await sent(redirectUri, { method: "POST", body: redirect }), 405, "a code that is posted");
  assert.equal(await sent(redirectUri, { query: `?${redirect}`, host: `rebound.example:${new URL(redirectUri).port}` }), 421, "a foreign Host");
  assert.equal(await sent(redirectUri, { query: "?code=another&state=guessed" }), 400, "another state");
  await signInThere(t, url);
  assert.equal(await signedIn, SUBJECT);
  assert.equal(server.tokenRequests.entries.length, 1);
  await assert.rejects(sent(redirectUri, { query: `?${redirect}` }), { code: "ECONNREFUSED" }, "a second code, after the first");
});

test("electron_portScan_seesTheListenerOnLoopbackAloneAndNothingAfterTheSignIn", { skip: skip || (!hasList && "this system has no list of its listeners") }, async (t) => {
  const { pages: [page], browser } = await staged(t, { config: { par: "never" } });
  await page.evaluate(async () => void (await globalThis.ready));
  const elsewhere = () => listeners().filter(({ address }) => !LOOPBACK.includes(address)).map(({ address, port }) => `${address}:${port}`).sort();
  const before = elsewhere();
  const signedIn = signInFrom(page);
  const url = await browser.opened();
  const port = Number(new URL(`${new URL(url).searchParams.get("redirect_uri")}`).port);
  const seen = listeningAt(port);
  assert.ok(seen.includes(LOOPBACK[0]) && seen.every((address) => LOOPBACK.includes(address)), `${seen}`);
  assert.deepEqual(elsewhere(), before);
  await signInThere(t, url);
  await signedIn;
  assert.deepEqual(listeningAt(port), []);
  assert.deepEqual(elsewhere(), before);
});

test("electron_whosePortIsTaken_saysSoInTheWindow", { skip }, async (t) => {
  const holder = createServer().listen(0, "127.0.0.1");
  t.after(() => holder.close());
  await new Promise((resolve) => holder.once("listening", resolve));
  const { port } = /** @type {import("node:net").AddressInfo} */ (holder.address());
  const { pages: [page] } = await staged(t, { config: { redirect: { ports: [port] } } });
  const failed = await page.evaluate(async () => (await globalThis.ready).loginPopup().then(() => null, ({ code, action, message, constructor }) => [code, action, message, constructor.name]));
  assert.deepEqual(failed?.slice(0, 2), ["invalid_config", "fix_config"]);
  assert.match(failed?.[2], /no port to listen on/);
});
