// @ts-check
// Sign-in of an Electron app in the system's browser, over a scheme of the app's own (RFC 8252 §7.1). The browser is sent there;
// what the system then does, on Windows and Linux, is to start the app once more with the URL: so does the test.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { closeBrowser } from "../support/browser.mjs";
import { electronMissing, pagesOf, signInFrom, staged, startApp } from "../support/electron-app.mjs";
import { keyringMissing, startKeyring } from "../support/keyring.mjs";
import { handedOver, SUBJECT } from "../support/outside-browser.mjs";

after(closeBrowser);

const skip = (await electronMissing()) ?? false;

const SCHEME = "com.example.notes:/callback";

const options = { redirectUris: [SCHEME], config: { redirect: SCHEME } };

test("electron_signInOverTheScheme_isHandedToTheInstanceThatRuns", { skip }, async (t) => {
  const { pages: [page, other], browser, startAgain, server } = await staged(t, { ...options, windows: 2 });
  const signedIn = signInFrom(page);
  const url = await handedOver(t, await browser.opened(), SCHEME);
  assert.match(url, /^com\.example\.notes:\/callback\?/);
  assert.equal(await startAgain(url), 0, "the second instance goes");
  assert.equal(await signedIn, SUBJECT);
  assert.equal(await other.evaluate(async () => (await (await globalThis.ready).getSession()).claims.sub), SUBJECT);
  // Once more: the code is spent once, and the session stands.
  await startAgain(url);
  assert.equal(await page.evaluate(async () => (await client.getSession()).claims.sub), SUBJECT);
  assert.equal(server.tokenRequests.entries.length, 1);
});

test("electron_redirectsOfOthers_areNotTaken", { skip }, async (t) => {
  const { pages: [page], browser, startAgain, server } = await staged(t, options);
  const signedIn = signInFrom(page);
  const url = await handedOver(t, await browser.opened(), SCHEME);
  for (const other of [url.replace(/state=[^&]+/, "state=guessed"), url.replace("/callback", "/callback/other"), url.replace("com.example.notes", "com.example.notes2")]) await startAgain(other);
  assert.equal(server.tokenRequests.entries.length, 0);
  await startAgain(url);
  assert.equal(await signedIn, SUBJECT);
});

test("electron_twoSignInsOverTheScheme_endEachInItsWindow", { skip }, async (t) => {
  const { pages: [page, other], browser, startAgain } = await staged(t, { ...options, windows: 2 });
  const signedIn = [signInFrom(page), signInFrom(other)];
  const urls = [await browser.opened(), await browser.opened()];
  for (const url of urls.reverse()) await startAgain(await handedOver(t, url, SCHEME));
  assert.deepEqual(await Promise.all(signedIn), [SUBJECT, SUBJECT]);
});

test("electron_browserThatNeverComesBackByTheScheme_isATimeoutAndMayBeTriedAgain", { skip }, async (t) => {
  const { pages: [page], browser } = await staged(t, { ...options, config: { ...options.config, signInTimeout: 0.3 } });
  const attempt = () => page.evaluate(async () => (await globalThis.ready).loginPopup().then(() => "signed in", ({ code, retryable }) => [code, retryable]));
  for (const failed of [attempt(), attempt()]) {
    await browser.opened();
    assert.deepEqual(await failed, ["timeout", true]);
  }
});

test("electron_redirectThatStartsTheApp_endsTheSignInThatWasBegunBefore", { skip: skip || (keyringMissing() ?? false) }, async (t) => {
  const env = await startKeyring(t);
  const { pages: [page], browser, close, userData, config } = await staged(t, { ...options, env });
  signInFrom(page).catch(() => {});
  const url = await handedOver(t, await browser.opened(), SCHEME);
  await close();
  const again = await startApp(t, { config, userData, env, argument: url });
  const [other] = await pagesOf(again.app, 1);
  await other.waitForFunction(async () => (await (await globalThis.ready).getSession())?.claims.sub === "a7c1e9d4-pixie");
});
