// @ts-check
// "pixie-auth/capacitor" over plugins as they answer on devices, the odd ones too; tests/e2e/hybrid.test.mjs has it in pages.

import assert from "node:assert/strict";
import { test } from "node:test";

import { importInstalled } from "../support/packed-package.mjs";

/** @typedef {import("pixie-auth/capacitor")} Capacitor */

const { AuthClient } = await importInstalled("pixie-auth");
const { AuthError, cordovaStore, itemStore, secureStore, systemBrowser } = /** @type {Capacitor} */ (await importInstalled("pixie-auth/capacitor"));

const ISSUER = "https://as.test";
const REDIRECT = "com.example.notes:/callback";
const LOGGED_OUT = "com.example.notes:/logged-out";

/**
 * A plugin as Capacitor gives it: it has whatever it is asked for, and what is not there fails when it is called. So it looks like a
 * promise, too.
 * @param {Record<string, any>} calls
 * @returns {any}
 */
const plugin = (calls) =>
  new Proxy({}, {
    get: (_, name) => async (/** @type {any[]} */ ...values) => {
      if (!Object.hasOwn(calls, name)) throw Object.assign(new Error(`"Plugin.${String(name)}()" is not implemented on android`), { code: "UNIMPLEMENTED" });
      return calls[String(name)](...values);
    },
  });

/** A server that grants whatever it is asked. @param {string} url */
async function granting(url) {
  const metadata = { issuer: ISSUER, authorization_endpoint: `${ISSUER}/authorize`, token_endpoint: `${ISSUER}/token`, end_session_endpoint: `${ISSUER}/end` };
  return Response.json(url.endsWith("/token") ? { access_token: "at", token_type: "Bearer", expires_in: 600 } : metadata);
}

/** Capacitor's plugins: what is asked of them, and what they say. */
function plugins() {
  /** @type {Map<string, Function>} */
  const listeners = new Map();
  const listened = (/** @type {object} */ calls) => plugin({
    ...calls,
    addListener: async (/** @type {string} */ name, /** @type {Function} */ listener) => {
      listeners.set(name, listener);
      return { remove: async () => void listeners.delete(name) };
    },
  });
  const host = {
    listeners,
    /** @type {string[]} */
    opened: [],
    closed: 0,
    /** @type {string | undefined} */
    launchUrl: undefined,
    app: listened({ getLaunchUrl: async () => (host.launchUrl ? { url: host.launchUrl } : undefined) }),
    browser: listened({ open: async (/** @type {{ url: string }} */ { url }) => void host.opened.push(url), close: async () => void (host.closed += 1) }),
    opens: async () => {
      while (host.opened.length === 0) await new Promise((resolve) => setImmediate(resolve));
      return `${host.opened.shift()}`;
    },
    appUrlOpen: (/** @type {string} */ url) => listeners.get("appUrlOpen")?.({ url }),
  };
  return host;
}

const memory = () => {
  const kept = new Map();
  return { get: (/** @type {string} */ key) => kept.get(key) ?? null, set: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value), remove: (/** @type {string} */ key) => void kept.delete(key) };
};

/** @param {import("node:test").TestContext} t @param {{ host?: any, storage?: any, options?: object }} [parts] */
async function staged(t, { host = plugins(), storage = memory(), options } = {}) {
  const client = await AuthClient.create({ issuer: ISSUER, clientId: "notes", scope: "notes", redirectUri: REDIRECT, storage, fetch: granting });
  const system = systemBrowser(client, { redirectUri: REDIRECT, postLogoutRedirectUri: LOGGED_OUT, app: host.app, browser: host.browser, ...options });
  t.after(async () => (await system.close(), await client.close()));
  return { client, system, host, storage };
}

/** @param {string} url */
const redirectOf = (url, response = "code=c") => `${REDIRECT}?${response}&state=${new URL(url).searchParams.get("state")}`;

test("systemBrowser_signIn_opensTheBrowserTakesTheUrlAndClosesIt", async (t) => {
  const { client, system, host } = await staged(t);
  const signedIn = system.signIn({ appState: { from: "inbox" } });
  const url = await host.opens();
  assert.equal(new URL(url).searchParams.get("redirect_uri"), REDIRECT);
  host.appUrlOpen("com.example.notes:/note/1");
  assert.equal(host.closed, 0);
  host.appUrlOpen(redirectOf(url));
  const { session, appState } = await signedIn;
  assert.deepEqual([session.accessToken, appState, host.closed], ["at", { from: "inbox" }, 1]);
  assert.equal((await client.getSession()).accessToken, "at");
});

test("systemBrowser_appThatWasEndedMeanwhile_signsInWithTheUrlThatStartedIt", async (t) => {
  const before = await staged(t);
  before.system.signIn({ appState: 7 }).catch(() => {});
  const url = redirectOf(await before.host.opens());
  const host = Object.assign(plugins(), { launchUrl: url });
  /** @type {any} */
  const result = await new Promise((resolve, reject) => {
    staged(t, { host, storage: before.storage, options: { onRedirect: (/** @type {string} */ one, /** @type {any} */ client) => client.handleCallback(one).then(resolve, reject) } }).catch(reject);
  });
  assert.deepEqual([result.session.accessToken, result.appState], ["at", 7]);
});

test("systemBrowser_launchUrlOfOldOrOfSomethingElse_changesNothing", async (t) => {
  for (const launchUrl of ["com.example.notes:/note/1", `${REDIRECT}?code=c&state=old`]) {
    const { client } = await staged(t, { host: Object.assign(plugins(), { launchUrl }) });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await client.getSession(), null, launchUrl);
  }
});

test("systemBrowser_browserThatIsClosed_failsTheSignInThatWaits", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { system, host } = await staged(t);
  const failed = assert.rejects(system.signIn(), (error) => error instanceof AuthError && error.code === "popup_closed" && error.action === "sign_in");
  await host.opens();
  host.listeners.get("browserFinished")?.();
  t.mock.timers.tick(1000);
  await failed;
});

test("systemBrowser_browserThatIsClosedByTheRedirect_isNoFailureOfItNorOfTheNext", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { system, host } = await staged(t);
  const signedIn = system.signIn();
  const url = await host.opens();
  // Android's tab is gone before the app is told why.
  host.listeners.get("browserFinished")?.();
  host.appUrlOpen(redirectOf(url));
  assert.equal((await signedIn).session.accessToken, "at");
  const next = system.signIn();
  const again = await host.opens();
  t.mock.timers.tick(1000);
  host.appUrlOpen(redirectOf(again));
  assert.equal((await next).session.accessToken, "at");
});

test("systemBrowser_refusalTimeoutAbortAndNoBrowser_areTheirCodes", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { system, host } = await staged(t, { options: { timeout: 60 } });
  const late = assert.rejects(system.signIn(), { code: "timeout", action: "retry" });
  await host.opens();
  t.mock.timers.tick(60_000);
  await late;
  const refused = assert.rejects(system.signIn(), { code: "authorization_failed", oauthError: "access_denied" });
  host.appUrlOpen(redirectOf(await host.opens(), "error=access_denied"));
  await refused;
  await assert.rejects(system.signIn({ signal: AbortSignal.abort() }), { code: "aborted" });
  const { system: blind } = await staged(t, { options: { browser: { open: async () => assert.fail("none") } } });
  await assert.rejects(blind.signIn(), { code: "popup_blocked", action: "sign_in" });
});

test("systemBrowser_withoutTheAppsPlugin_takesUrlsByHand", async (t) => {
  /** @type {string[]} */
  const opened = [];
  const { system } = await staged(t, { options: { app: undefined, browser: { open: (/** @type {{ url: string }} */ { url }) => opened.push(url) } } });
  const signedIn = system.signIn();
  while (opened.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(system.handleRedirect("com.example.notes:/other"), false);
  assert.equal(system.handleRedirect(redirectOf(opened[0])), true);
  assert.equal((await signedIn).session.accessToken, "at");
});

test("systemBrowser_signOut_showsTheServersPageAndTakesTheWayBack", async (t) => {
  const { client, system, host } = await staged(t);
  const signedIn = system.signIn();
  host.appUrlOpen(redirectOf(await host.opens()));
  await signedIn;
  const out = system.signOut();
  const { searchParams } = new URL(await host.opens());
  assert.equal(searchParams.get("post_logout_redirect_uri"), LOGGED_OUT);
  await out;
  assert.equal(await client.getSession(), null);
  const before = host.closed;
  host.appUrlOpen(`${LOGGED_OUT}?state=${searchParams.get("state")}`);
  assert.equal(host.closed, before + 1);
});

test("systemBrowser_redirectThatComesAfterTheSignInWasGivenUp_signsNobodyIn", async (t) => {
  const { client, system, host } = await staged(t);
  const controller = new AbortController();
  const failed = assert.rejects(system.signIn({ signal: controller.signal }), { code: "aborted" });
  const url = redirectOf(await host.opens());
  controller.abort();
  await failed;
  assert.equal(host.closed, 1, "the server's page is taken away");
  host.appUrlOpen(url);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await client.getSession(), null);
});

test("systemBrowser_redirectThatIsToldOfTwice_isTakenOnce", async (t) => {
  /** @type {string[]} */
  const others = [];
  const { system, host } = await staged(t, { options: { onRedirect: (/** @type {string} */ url) => others.push(url) } });
  const signedIn = system.signIn();
  const url = redirectOf(await host.opens());
  host.appUrlOpen(url);
  host.appUrlOpen(url);
  await signedIn;
  host.appUrlOpen(url);
  assert.deepEqual(others, []);
});

test("systemBrowser_pageThatIsLoadedAgainAfterALogout_staysSignedOut", async (t) => {
  const before = await staged(t);
  before.system.signIn().catch(() => {});
  const launchUrl = redirectOf(await before.host.opens());
  const { client, storage } = await staged(t, { host: Object.assign(plugins(), { launchUrl }), storage: before.storage });
  while ((await client.getSession()) === null) await new Promise((resolve) => setImmediate(resolve));
  await client.logout({ redirect: false });
  /** @type {any} */
  let again;
  await new Promise((resolve) => {
    const onRedirect = (/** @type {string} */ url, /** @type {any} */ one) => ((again = one), one.handleCallback(url).then(resolve, resolve));
    staged(t, { host: Object.assign(plugins(), { launchUrl }), storage, options: { onRedirect } });
  });
  assert.equal(await again.getSession(), null);
});

test("systemBrowser_redirectWithAFragmentOrASlash_isTaken", async (t) => {
  for (const [redirectUri, url] of [[REDIRECT, `${REDIRECT}?code=c&state=S#_=_`], ["com.example.notes://callback", "com.example.notes://callback/?code=c&state=S"], [REDIRECT, `${REDIRECT}?code=c&state=S#`]]) {
    const { system, host } = await staged(t, { options: { redirectUri } });
    const signedIn = system.signIn();
    const state = `${new URL(await host.opens()).searchParams.get("state")}`;
    host.appUrlOpen(url.replace("S", state));
    assert.equal((await signedIn).session.accessToken, "at", url);
  }
});

test("systemBrowser_oneUriForSignInAndLogout_tellsThemApart", async (t) => {
  const { client, system, host } = await staged(t, { options: { postLogoutRedirectUri: REDIRECT } });
  const signedIn = system.signIn();
  host.appUrlOpen(redirectOf(await host.opens()));
  await signedIn;
  await system.signOut();
  host.appUrlOpen(`${REDIRECT}?state=${new URL(await host.opens()).searchParams.get("state")}`);
  assert.equal(await client.getSession(), null);
});

test("systemBrowser_whereNothingIsToldOf_worksAllTheSame", async (t) => {
  /** @type {string[]} */
  const opened = [];
  const { system } = await staged(t, { options: { app: plugin({}), browser: plugin({ open: async (/** @type {{ url: string }} */ { url }) => void opened.push(url) }) } });
  const signedIn = system.signIn();
  while (opened.length === 0) await new Promise((resolve) => setImmediate(resolve));
  system.handleRedirect(redirectOf(opened[0]));
  assert.equal((await signedIn).session.accessToken, "at");
  await system.close();
});

test("systemBrowser_closed_listensNoMoreAndEndsWhatWaits", async (t) => {
  const { system, host } = await staged(t);
  const failed = assert.rejects(system.signIn(), { code: "aborted" });
  await host.opens();
  await system.close();
  await failed;
  assert.equal(host.listeners.size, 0);
});

test("systemBrowser_withoutABrowserOrARedirectUri_isRefused", () => {
  for (const options of [{ redirectUri: REDIRECT }, { browser: { open() {} } }]) {
    assert.throws(() => systemBrowser(/** @type {any} */ ({}), /** @type {any} */ (options)), { code: "invalid_config", action: "fix_config" });
  }
});

/** Stores of plugins' manners, over one map. @type {Record<string, (kept: Map<string, string>) => any>} */
const STORES = {
  // capacitor-secure-storage-plugin
  thatRejectsForAbsentKeys: (kept) => secureStore(plugin({
    get: async (/** @type {any} */ { key }) => (kept.has(key) ? { value: `${kept.get(key)}` } : Promise.reject(new Error("Item with given key does not exist"))),
    set: async (/** @type {any} */ { key, value }) => (kept.set(key, value), { value: true }),
    remove: async (/** @type {any} */ { key }) => (kept.delete(key) ? { value: true } : Promise.reject(new Error("Item with given key does not exist"))),
    keys: async () => ({ value: [...kept.keys()] }),
  })),
  // @capacitor/preferences
  thatGivesNull: (kept) => secureStore(plugin({
    get: async (/** @type {any} */ { key }) => ({ value: kept.get(key) ?? null }),
    set: async (/** @type {any} */ { key, value }) => void kept.set(key, value),
    remove: async (/** @type {any} */ { key }) => void kept.delete(key),
    keys: async () => ({ keys: [...kept.keys()] }),
  })),
  // @aparajita/capacitor-secure-storage
  ofItems: (kept) => itemStore(plugin({
    getItem: async (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: async (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
    removeItem: async (/** @type {string} */ key) => void kept.delete(key),
  })),
  // cordova-plugin-secure-storage
  ofCordova: (kept) => cordovaStore({
    get: (success, failure, key) => (kept.has(key) ? success(`${kept.get(key)}`) : failure(new Error(`Key [${key}] not found.`))),
    set: (success, _, key, value) => (kept.set(key, value), success(key)),
    remove: (success, failure, key) => (kept.delete(key) ? success(key) : failure(new Error(`Key [${key}] not found.`))),
    keys: (success) => success([...kept.keys()]),
  }),
};

for (const [name, make] of Object.entries(STORES)) {
  test(`store_${name}_keepsAndForgets`, async () => {
    const store = make(new Map());
    assert.equal(await store.get("a"), null);
    await store.set("a", "1");
    assert.equal(await store.get("a"), "1");
    await store.remove("a");
    await store.remove("a");
    assert.equal(await store.get("a"), null);
  });

  test(`store_${name}_carriesASessionThroughARestart`, async (t) => {
    const kept = new Map();
    const { system, host, client } = await staged(t, { storage: make(kept) });
    const signedIn = system.signIn();
    host.appUrlOpen(redirectOf(await host.opens()));
    await signedIn;
    await client.close();
    const { client: next } = await staged(t, { storage: make(kept) });
    assert.equal((await next.getSession()).accessToken, "at");
  });
}

test("store_whoseKeychainIsLocked_isAFailureAndNotASessionThatIsGone", async () => {
  const locked = async () => {
    throw new Error("errSecInteractionNotAllowed");
  };
  const store = secureStore({ get: locked, set: locked, remove: locked, keys: async () => ({ value: ["a"] }) });
  await assert.rejects(async () => store.get("a"), /errSec/);
  const silent = secureStore({ get: locked, set: locked, remove: locked });
  await assert.rejects(async () => silent.get("a"), /errSec/);
  await assert.rejects(async () => secureStore({ get: locked, set: locked, remove: locked, keys: /** @type {any} */ (locked) }).get("a"), /errSec/);
});

test("client_overAKeychainThatIsLocked_isToldSoAndLosesNothing", async (t) => {
  /** @type {Map<string, string>} */
  const kept = new Map();
  const { system, host, client } = await staged(t, { storage: STORES.thatRejectsForAbsentKeys(kept) });
  const signedIn = system.signIn();
  host.appUrlOpen(redirectOf(await host.opens()));
  await signedIn;
  await client.close();
  const before = new Map(kept);
  const locked = async () => {
    throw new Error("errSecInteractionNotAllowed");
  };
  const storage = secureStore({ get: locked, set: locked, remove: locked, keys: async () => ({ value: [...kept.keys()] }) });
  await assert.rejects(staged(t, { storage }), { code: "storage_unavailable" });
  assert.deepEqual(kept, before);
});

test("secureStore_ofSomethingElse_isRefused", () => {
  for (const one of [undefined, null, "local"]) {
    assert.throws(() => secureStore(/** @type {any} */ (one)), { code: "invalid_config" });
    assert.throws(() => itemStore(/** @type {any} */ (one)), { code: "invalid_config" });
  }
});
