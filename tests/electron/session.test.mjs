// @ts-check
// The session of an Electron app through hours, sleep and restarts.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";

import { closeBrowser } from "../support/browser.mjs";
import { electronMissing, pagesOf, signInFrom, staged, startApp } from "../support/electron-app.mjs";
import { keyringMissing, startKeyring } from "../support/keyring.mjs";
import { signInThere, SUBJECT } from "../support/outside-browser.mjs";

after(closeBrowser);

const skip = (await electronMissing()) ?? false;

test("electron_tokensThroughThreeLives_areRefreshedOnceACycleForBothWindows", { skip }, async (t) => {
  const { pages: [page, other], browser, server } = await staged(t, { windows: 2, lifetime: 4, config: { autoRefresh: { leadTime: 1, jitter: 0 } } });
  const signedIn = page.evaluate(async () => (await (await globalThis.ready).loginPopup()).accessToken);
  await signInThere(t, await browser.opened());
  const first = await signedIn;
  await other.evaluate(async () => (await globalThis.ready).getSession());
  for (const one of [page, other]) await one.waitForFunction(() => told.filter(([name]) => name === "refreshed").length >= 3, undefined, { timeout: 25_000 });
  const asked = server.tokenRequests.entries.filter(({ grantType }) => grantType === "refresh_token");
  // A life is three seconds until its refresh: were each window to ask, two would come together.
  const pauses = asked.slice(1).map(({ at }, index) => at - asked[index].at);
  assert.ok(asked.length >= 3 && pauses.every((pause) => pause > 1500), `pauses of ${pauses} ms`);
  assert.ok(asked.every(({ outcome }) => outcome === "success"));
  const tokens = await Promise.all([page, other].map((one) => one.evaluate(() => client.getAccessToken())));
  assert.equal(tokens[0], tokens[1]);
  assert.notEqual(tokens[0], first);
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

const noKeyring = skip || (keyringMissing() ?? false);

test("electron_underAnUnlockedKeyring_keepsTheSessionThroughARestartAndAsksAgainWithoutIt", { skip: noKeyring }, async (t) => {
  const env = await startKeyring(t);
  const first = await staged(t, { env, config: { autoRefresh: false } });
  const signedIn = signInFrom(first.pages[0]);
  await signInThere(t, await first.browser.opened());
  assert.equal(await signedIn, SUBJECT);
  assert.equal(await first.app.evaluate(async () => (await globalThis.auth).keeps), "keyring");
  await first.close();
  const file = join(first.userData, "pixie-auth.json");
  const sealed = Object.values(JSON.parse(readFileSync(file, "utf8"))).map((text) => Buffer.from(text, "base64").toString("latin1"));
  assert.ok(sealed.length > 0 && !sealed.some((text) => /refresh_token|access_token|pixie/.test(text)));

  const again = await startApp(t, { config: first.config, userData: first.userData, env });
  const [page] = await pagesOf(again.app, 1);
  assert.equal(await page.evaluate(async () => (await (await globalThis.ready).getSession()).claims.sub), SUBJECT);
  await page.evaluate(async () => void (await client.refresh()));
  await again.close();

  const before = readFileSync(file, "utf8");
  const without = await startApp(t, { config: first.config, userData: first.userData });
  const [locked] = await pagesOf(without.app, 1);
  assert.equal(await locked.evaluate(async () => (await globalThis.ready).getSession()), null);
  await without.close();
  assert.equal(readFileSync(file, "utf8"), before, "what the keyring has the key of is left for when it is back");
});

test("electron_machineThatWakes_isRefreshedAtOnce", { skip }, async (t) => {
  const { pages: [page], browser, server, app } = await staged(t, { lifetime: 3600 });
  const signedIn = signInFrom(page);
  await signInThere(t, await browser.opened());
  assert.equal(await signedIn, SUBJECT);
  assert.equal(server.tokenRequests.entries.length, 1);
  // Asleep, a machine's timers stand still, and its clock does not.
  await app.evaluate(({ powerMonitor }) => {
    const { now } = Date;
    Date.now = () => now() + 3_590_000;
    powerMonitor.emit("resume");
  });
  await page.waitForFunction(() => told.some(([name]) => name === "refreshed"), undefined, { timeout: 10_000 });
  assert.deepEqual(server.tokenRequests.entries.map(({ grantType }) => grantType), ["authorization_code", "refresh_token"]);
});
