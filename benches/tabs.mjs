// @ts-check
// Ten tabs of one session for a minute, against a server that rotates refresh tokens and takes the whole family back
// when one comes twice. Each library has a server, a profile and tabs of its own; they run at the same time.
import { setTimeout as delay } from "node:timers/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/paths.mjs";
import { table } from "../scripts/size/table.mjs";
import { startAuthorizationServer } from "../www-demo/server/authorization-server.mjs";
import { launch, script, serve } from "./browser.mjs";
import { bundle, versioned } from "./bundles.mjs";

export const title = "Ten tabs of one session, one minute, refresh tokens rotated";

const TABS = 10;
const SECONDS = 60;
/** Seconds that an access token lives. */
const LIFETIME = 15;
/** Milliseconds that the token endpoint takes. */
const DELAY = 400;

/** @typedef {{ authority: string, redirect: string, notice: number }} Settings */

/**
 * What runs in each page. The peer renews as long before the expiry as ours does at most: by default it would begin a
 * minute before, which is more than these tokens live.
 * @type {Record<string, { open(settings: Settings): Promise<void>, leave(): Promise<void>, back(): Promise<unknown>, token(): Promise<string | undefined> }>}
 */
const CONTENDERS = {
  "pixie-auth": {
    async open({ authority, redirect }) {
      const { AuthClient } = await import(new URL("/pixie-auth/index.js", globalThis.location.href).href);
      globalThis.client = await AuthClient.create({ issuer: authority, clientId: "bench", redirectUri: redirect, storage: "local" });
    },
    leave: () => globalThis.client.login(),
    back: () => globalThis.client.handleCallback().then(() => {}),
    token: () => globalThis.client.getAccessToken().catch(() => {}),
  },
  "oidc-client-ts": {
    async open({ authority, redirect, notice }) {
      const { UserManager, WebStorageStateStore } = await import(new URL("/oidc-client-ts.js", globalThis.location.href).href);
      globalThis.client = new UserManager({
        authority,
        client_id: "bench",
        redirect_uri: redirect,
        automaticSilentRenew: true,
        accessTokenExpiringNotificationTimeInSeconds: notice,
        userStore: new WebStorageStateStore({ store: localStorage }),
      });
      // Finds the session, and watches its end from here on.
      await globalThis.client.getUser();
    },
    leave: () => globalThis.client.signinRedirect(),
    back: () => globalThis.client.signinRedirectCallback().then(() => {}),
    token: () => globalThis.client.getUser().then((/** @type {any} */ user) => user?.access_token),
  },
};

const HTML = { type: "text/html; charset=utf-8", body: '<!doctype html><title>bench</title><link rel="icon" href="data:,">' };

async function files() {
  const own = ["index.js", "seldom.js", "auth-error.js"].map((name) => [`/pixie-auth/${name}`, script(readFileSync(join(root, "pkg", name)))]);
  return {
    ...Object.fromEntries(own),
    "/callback": HTML,
    "/oidc-client-ts.js": script(await bundle('export { UserManager, WebStorageStateStore } from "oidc-client-ts"')),
  };
}

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} origin
 * @param {string} name
 */
async function minute(browser, origin, name) {
  const { open, leave, back, token } = CONTENDERS[name];
  const redirect = `${origin}/callback`;
  const server = await startAuthorizationServer({
    clients: [{ clientId: "bench", redirectUris: [redirect] }],
    accessTokenTtl: LIFETIME,
    tokenDelay: DELAY,
  });
  const context = await browser.newContext();
  try {
    const settings = { authority: server.issuer, redirect, notice: LIFETIME / 4 };
    const opened = async () => {
      const page = await context.newPage();
      await page.goto(origin);
      await page.evaluate(open, settings);
      return page;
    };
    const first = await opened();
    // The page dies under the call.
    first.evaluate(leave).catch(() => {});
    await first.locator("#username").fill(server.account.username);
    await first.locator("#password").fill(server.account.password);
    await first.getByRole("button", { name: "Sign in" }).click();
    await first.waitForURL(`${redirect}*`);
    await first.evaluate(open, settings);
    await first.evaluate(back);
    const pages = [first];
    while (pages.length < TABS) pages.push(await opened());

    await delay(SECONDS * 1000);
    const tokens = await Promise.all(pages.map((page) => page.evaluate(token)));
    const accepted = await Promise.all(tokens.map((one) => one && isAccepted(server.issuer, one)));
    return {
      requests: server.tokenRequests.count("refresh_token"),
      refused: server.tokenRequests.count("refresh_token") - server.tokenRequests.count("refresh_token", "success"),
      alive: accepted.filter(Boolean).length,
    };
  } finally {
    await context.close();
    await server.close();
  }
}

/** @param {string} issuer @param {string} token */
async function isAccepted(issuer, token) {
  const { ok } = await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${token}` } });
  return ok;
}

export async function run() {
  const server = await serve(await files());
  const browser = await launch();
  try {
    const names = Object.keys(CONTENDERS);
    const results = await Promise.all(names.map((name) => minute(browser, server.origin, name)));
    const rows = results.map(({ requests, refused, alive }, index) => [versioned(names[index]), `${requests}`, `${refused}`, `${alive} of ${TABS}`]);
    console.log(`\n${table([`in Chromium ${browser.version()}`, "refresh requests", "refused", "tabs alive at the end"], rows)}`);
    console.log(`${TABS} tabs over localStorage for ${SECONDS} s; access tokens live ${LIFETIME} s, the token endpoint takes ${DELAY} ms. A tab is alive where the server accepts the token that it gives.`);
  } finally {
    await browser.close();
    await server.close();
  }
}
