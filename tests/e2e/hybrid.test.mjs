// @ts-check
// Hybrid apps: Cordova's page at file://, and a page that is no secure context; plugins whose native half is the test, and a real
// authorization server. tests/electron has Capacitor's origin on iOS, capacitor://.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

import { startAuthorizationServer } from "../../www-demo/server/authorization-server.mjs";
import { closeBrowser, freshContext } from "../support/browser.mjs";
import { device, hybridApp, LOGGED_OUT, REDIRECT } from "../support/hybrid-app.mjs";
import { handedOver, SUBJECT } from "../support/outside-browser.mjs";
import { PageServer } from "../support/page-server.mjs";

after(closeBrowser);

/** @type {Record<string, { open(t: import("node:test").TestContext, folder: string): Promise<{ url: string, origin: string }>, isSecure: boolean }>} */
const PAGES = {
  "at_file": {
    isSecure: true,
    open: async (_, folder) => ({ url: pathToFileURL(join(folder, "index.html")).href, origin: "null" }),
  },
  "without_crypto_subtle": {
    isSecure: false,
    async open(t, folder) {
      const [page, script] = await Promise.all(["index.html", "app.js"].map((name) => readFile(join(folder, name), "utf8")));
      const pages = await PageServer.start({ pages: { "/": page, "/app.js": { type: "text/javascript; charset=utf-8", body: script } } });
      t.after(() => pages.close());
      return { url: `${pages.origin("spa.test")}/`, origin: pages.origin("spa.test") };
    },
  },
};

for (const [name, { open, isSecure }] of Object.entries(PAGES)) {
  /** @param {import("node:test").TestContext} t */
  const staged = async (t) => {
    const { url, origin } = await open(t, await hybridApp(t));
    const server = await startAuthorizationServer({
      clients: [{ clientId: "notes-mobile", redirectUris: [REDIRECT], postLogoutRedirectUris: [LOGGED_OUT], allowedOrigins: [origin], metadata: { application_type: "native" } }],
    });
    t.after(() => server.close());
    const page = await (await freshContext(t)).newPage();
    const phone = await device(page);
    const config = { issuer: server.issuer, ...(isSecure ? {} : { allowInsecure: true }) };
    const start = async () => {
      await page.goto(url);
      await page.evaluate((one) => globalThis.start(one), config);
    };
    await start();
    return { page, phone, server, start };
  };

  test(`hybrid_page_${name}_makes_pkce_pairs_at_once`, async (t) => {
    const { page } = await staged(t);
    const { challenge, same, verified, subtle } = await page.evaluate(() => globalThis.pair());
    assert.match(challenge, /^[\w-]{43}$/);
    assert.deepEqual([same, verified, subtle], [true, true, isSecure ? "object" : "undefined"]);
  });

  test(`hybrid_page_${name}_signs_in_and_keeps_the_session_through_a_restart`, async (t) => {
    const { page, phone, server, start } = await staged(t);
    const signedIn = page.evaluate(async () => {
      const { session, appState } = await globalThis.signIn({ appState: "inbox" });
      return [session.claims.sub, session.refreshable, appState];
    });
    const redirect = await handedOver(t, await phone.opens(), REDIRECT);
    await page.evaluate((url) => globalThis.fire("appUrlOpen", { url }), redirect);
    assert.deepEqual(await signedIn, [SUBJECT, true, "inbox"]);
    assert.equal(phone.closed, 1);
    assert.ok(phone.keychain.size > 0);
    assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);

    await start();
    assert.equal(await page.evaluate(async () => (await globalThis.client.refresh()).claims.sub), SUBJECT);
    assert.deepEqual(server.tokenRequests.counts, { authorization_code: { success: 1 }, refresh_token: { success: 1 } });

    const out = page.evaluate(() => globalThis.signOut());
    const { searchParams } = new URL(await phone.opens());
    assert.equal(searchParams.get("post_logout_redirect_uri"), LOGGED_OUT);
    await out;
    assert.equal(await page.evaluate(() => globalThis.client.getSession()), null);
  });

  test(`hybrid_page_${name}_that_is_started_by_the_redirect_is_signed_in`, async (t) => {
    const { page, phone, start } = await staged(t);
    page.evaluate(() => globalThis.signIn()).catch(() => {});
    // The system ends the app while the user is at the server, and starts it for the URL.
    phone.launchUrl = await handedOver(t, await phone.opens(), REDIRECT);
    await start();
    await page.waitForFunction((subject) => globalThis.told.some(([event, sub]) => event === "signedIn" && sub === subject), SUBJECT);
    assert.equal(await page.evaluate(async () => (await globalThis.client.getSession()).claims.sub), SUBJECT);
  });
}

test("hybrid_page_without_crypto_subtle_and_without_allowInsecure_is_told_so", async (t) => {
  const folder = await hybridApp(t);
  const { url } = await PAGES.without_crypto_subtle.open(t, folder);
  const page = await (await freshContext(t)).newPage();
  await device(page);
  await page.goto(url);
  const code = await page.evaluate(() => globalThis.start({ issuer: "https://as.test" }).then(() => null, (error) => error.code));
  assert.equal(code, "insecure_context");
});
