// @ts-check
// ElectronAuth with the events of systems that this one is not, and with starts that fail: an Electron of the test's own makes
// them. tests/electron has the real one.

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { importInstalled } from "../support/packed-package.mjs";

/** @typedef {import("pixie-auth/electron/main")} Main */

const { AuthError, ElectronAuth } = /** @type {Main} */ (await importInstalled("pixie-auth/electron/main"));

const ISSUER = "https://as.test";
const SCHEME = "com.example.notes:/callback";

/** As much of Electron as is used. @param {import("node:test").TestContext} t @param {{ isFirst?: boolean }} [options] */
function electron(t, { isFirst = true } = {}) {
  const userData = mkdtempSync(join(tmpdir(), "pixie-auth-main-"));
  t.after(() => rmSync(userData, { recursive: true, force: true }));
  /** @type {Map<string, Function>} */
  const handlers = new Map();
  const host = {
    /** @type {string[]} */
    opened: [],
    /** @type {any[][]} */
    registered: [],
    exits: 0,
    handlers,
    app: Object.assign(new EventEmitter(), {
      name: "Notes",
      whenReady: async () => {},
      getPath: () => userData,
      requestSingleInstanceLock: () => isFirst,
      setAsDefaultProtocolClient: (/** @type {any[]} */ ...how) => host.registered.push(how),
      exit: () => void (host.exits += 1),
    }),
    ipcMain: {
      handle(/** @type {string} */ channel, /** @type {Function} */ handler) {
        if (handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
        handlers.set(channel, handler);
      },
      removeHandler: (/** @type {string} */ channel) => handlers.delete(channel),
    },
    net: {},
    powerMonitor: new EventEmitter(),
    safeStorage: { isEncryptionAvailable: () => false },
    shell: { openExternal: async (/** @type {string} */ url) => void host.opened.push(url) },
  };
  return host;
}

/** A server that grants whatever it is asked. @param {string} url */
async function granting(url) {
  const isToken = url.endsWith("/token");
  const metadata = { issuer: ISSUER, authorization_endpoint: `${ISSUER}/authorize`, token_endpoint: `${ISSUER}/token`, end_session_endpoint: `${ISSUER}/end` };
  return Response.json(isToken ? { access_token: "at", token_type: "Bearer", expires_in: 600 } : metadata);
}

/** @param {any} host @param {object} [config] */
const configFor = (host, config) => /** @type {any} */ ({ electron: host, issuer: ISSUER, clientId: "notes", scope: "notes", fetch: granting, ...config });

/** @param {import("node:test").TestContext} t @param {any} host @param {object} [config] */
async function made(t, host, config) {
  const auth = await ElectronAuth.create(configFor(host, config));
  t.after(() => auth.close());
  return auth;
}

/** Where the browser is sent back to. @param {string} url */
const redirectOf = (url) => `${SCHEME}?code=c&state=${new URL(url).searchParams.get("state")}`;

/** @param {any} host */
async function openedBy(host) {
  while (host.opened.length === 0) await new Promise((resolve) => setImmediate(resolve));
  return host.opened.shift();
}

test("electronAuth_createThatFailed_mayBeTriedAgain", async (t) => {
  const host = electron(t);
  const offline = async () => {
    throw new TypeError("no network");
  };
  await assert.rejects(ElectronAuth.create(configFor(host, { fetch: offline, origins: ["app://notes"] })), { action: "retry" });
  assert.equal(host.handlers.size, 0);
  await made(t, host, { origins: ["app://notes"] });
  assert.equal(host.handlers.size, 1);
});

test("electronAuth_closed_leavesNothingWithElectron", async (t) => {
  const host = electron(t);
  const auth = await made(t, host, { redirect: SCHEME });
  await auth.close();
  assert.deepEqual([host.handlers.size, host.app.eventNames(), host.powerMonitor.eventNames()], [0, [], []]);
});

test("electronAuth_redirectByOpenUrl_signsInAndIsTaken", async (t) => {
  const host = electron(t);
  const auth = await made(t, host, { redirect: SCHEME });
  assert.equal(host.registered.length, 1);
  assert.equal(host.registered[0][0], "com.example.notes");
  const signedIn = auth.signIn();
  const url = redirectOf(await openedBy(host));
  let isTaken = false;
  const event = { preventDefault: () => (isTaken = true) };
  host.app.emit("open-url", event, "com.example.notes:/elsewhere");
  host.app.emit("open-url", event, "https://as.test/callback");
  assert.equal(isTaken, false);
  host.app.emit("open-url", event, url);
  assert.equal(isTaken, true);
  assert.equal((await signedIn).accessToken, "at");
});

/** A sign-in whose app is ended before the user is back: its URL, and what another start finds. @param {import("node:test").TestContext} t */
async function begunBefore(t) {
  const host = electron(t);
  Object.assign(host.safeStorage, { isEncryptionAvailable: () => true, encryptString: (/** @type {string} */ text) => Buffer.from(text), decryptString: (/** @type {Buffer} */ sealed) => sealed.toString(), getSelectedStorageBackend: () => "gnome_libsecret" });
  const auth = await ElectronAuth.create(configFor(host, { redirect: SCHEME }));
  auth.signIn().catch(() => {});
  const url = redirectOf(await openedBy(host));
  await auth.close();
  return { host, url };
}

test("electronAuth_redirectDuringTheStart_isNotLost", async (t) => {
  const { host, url } = await begunBefore(t);
  const signedIn = new Promise((resolve) => {
    // As macOS tells an app that it starts for a URL: at once, and once.
    made(t, host, { redirect: SCHEME, onRedirect: (/** @type {string} */ one, /** @type {any} */ client) => resolve(client.handleCallback(one)) });
  });
  host.app.emit("open-url", { preventDefault() {} }, url);
  assert.equal((await signedIn).session.accessToken, "at");
});

test("electronAuth_redirectDuringAStartThatFails_isTakenByTheNext", async (t) => {
  const { host, url } = await begunBefore(t);
  const failed = ElectronAuth.create(configFor(host, { redirect: SCHEME, storage: undefined, requestTimeout: -1 }));
  host.app.emit("second-instance", {}, ["/opt/notes", url], "/");
  await assert.rejects(failed, { code: "invalid_config" });
  const auth = await made(t, host, { redirect: SCHEME });
  while ((await auth.client.getSession()) === null) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([host.app.listenerCount("open-url"), host.app.listenerCount("second-instance")], [1, 1]);
});

test("electronAuth_redirectBySecondInstance_signsIn", async (t) => {
  const host = electron(t);
  const auth = await made(t, host, { redirect: "com.example.notes://callback" });
  const signedIn = auth.signIn();
  const url = redirectOf(await openedBy(host)).replace(":/", "://");
  host.app.emit("second-instance", {}, ["/opt/notes", "--allow-file-access", url, "/a/file"], "/");
  assert.equal((await signedIn).accessToken, "at");
});

test("electronAuth_redirectThatCannotBeUsed_failsItsSignInWithTheReason", async (t) => {
  const host = electron(t);
  const auth = await made(t, host, { redirect: SCHEME });
  const failed = assert.rejects(auth.signIn(), { code: "authorization_failed", oauthError: "access_denied" });
  const state = new URL(await openedBy(host)).searchParams.get("state");
  assert.equal(auth.handleRedirect(`${SCHEME}?error=access_denied&state=${state}`), true);
  await failed;
});

test("electronAuth_redirectOfNobodys_isTakenAndChangesNothing", async (t) => {
  const host = electron(t);
  const auth = await made(t, host, { redirect: SCHEME });
  assert.equal(auth.handleRedirect(`${SCHEME}?code=c&state=s`), true);
  assert.equal(auth.handleRedirect(SCHEME), true);
  assert.equal(auth.handleRedirect("com.example.notes:/callback/more?code=c"), false);
  assert.equal(auth.handleRedirect("com.example.notes.evil:/callback?code=c"), false);
  assert.equal(await auth.client.getSession(), null);
});

test("electronAuth_secondInstance_exitsAndTouchesNothing", async (t) => {
  const host = electron(t, { isFirst: false });
  let settled = false;
  ElectronAuth.create(configFor(host, { redirect: SCHEME })).finally(() => (settled = true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([host.exits, settled, host.handlers.size, host.registered.length], [1, false, 0, 0]);
});

test("electronAuth_loopback_asksForNoInstanceLock", async (t) => {
  const host = electron(t, { isFirst: false });
  await made(t, host);
  assert.equal(host.exits, 0);
});

test("electronAuth_redirectThatIsNoSchemeOfAnApps_isRefused", async (t) => {
  const host = electron(t);
  for (const redirect of ["notes:/callback", "https://app.test/callback", "com.example.notes:callback", "Com.Example.Notes:/callback", "com.example.notes:/callback?x=1", "com.example.notes:/", "com..notes:/callback", "lopback", ""]) {
    await assert.rejects(ElectronAuth.create(configFor(host, { redirect })), { code: "invalid_config", action: "fix_config" }, redirect);
  }
  assert.equal(host.exits, 0);
});

test("electronAuth_openExternalThatFails_endsTheSignInAndTheListener", async (t) => {
  const host = electron(t);
  /** @type {string[]} */
  const asked = [];
  const auth = await made(t, host, {
    openExternal: async (/** @type {string} */ url) => {
      asked.push(`${new URL(url).searchParams.get("redirect_uri")}`);
      throw new Error("no browser");
    },
  });
  await assert.rejects(auth.signIn(), { code: "popup_blocked", action: "sign_in", cause: new Error("no browser") });
  await assert.rejects(fetch(asked[0]), TypeError);
});

test("electronAuth_closedDuringASignIn_endsIt", async (t) => {
  for (const redirect of [SCHEME, "loopback"]) {
    const host = electron(t);
    const auth = await made(t, host, { redirect });
    const failed = assert.rejects(auth.signIn(), { code: "aborted" });
    const url = new URL(await openedBy(host));
    await auth.close();
    await failed;
    if (redirect === "loopback") await assert.rejects(fetch(`${url.searchParams.get("redirect_uri")}`), TypeError);
  }
});

test("electronAuth_signalThatAborts_endsTheSignInAndNoOther", async (t) => {
  const host = electron(t);
  const auth = await made(t, host, { redirect: SCHEME });
  const controller = new AbortController();
  const failed = assert.rejects(auth.signIn({ signal: controller.signal }), { code: "aborted", action: "retry" });
  const other = auth.signIn();
  await openedBy(host);
  const url = redirectOf(await openedBy(host));
  controller.abort();
  await failed;
  auth.handleRedirect(url);
  assert.equal((await other).accessToken, "at");
  await assert.rejects(auth.signIn({ signal: controller.signal }), { code: "aborted" });
  assert.deepEqual(host.opened, [], "no browser for what nobody wants any more");
});

test("electronAuth_aSecondOne_isRefusedAndTheFirstGoesOn", async (t) => {
  const host = electron(t);
  const auth = await made(t, host, { redirect: SCHEME });
  await assert.rejects(ElectronAuth.create(configFor(host, { redirect: SCHEME })), (error) => {
    assert.ok(error instanceof AuthError);
    assert.match(error.message, /one ElectronAuth at a time/);
    return error.code === "invalid_config";
  });
  assert.deepEqual([host.handlers.size, host.powerMonitor.listenerCount("resume")], [1, 1]);
  assert.equal(await auth.client.getSession(), null);
});

test("electronAuth_browserThatSaysWhenItIsClosed_doesNotKeepTheSignInWaiting", async (t) => {
  const host = electron(t);
  const auth = await made(t, host, { redirect: SCHEME, openExternal: (/** @type {string} */ url) => (host.opened.push(url), new Promise(() => {})) });
  const signedIn = auth.signIn();
  auth.handleRedirect(redirectOf(await openedBy(host)));
  assert.equal((await signedIn).accessToken, "at");
});

test("electronAuth_wayBackFromTheServersLogout_isTaken", async (t) => {
  const host = electron(t);
  const loggedOut = "com.example.notes:/logged-out";
  const auth = await made(t, host, { redirect: SCHEME, postLogoutRedirectUri: loggedOut });
  const signedIn = auth.signIn();
  auth.handleRedirect(redirectOf(await openedBy(host)));
  await signedIn;
  await auth.signOut();
  const url = new URL(await openedBy(host));
  assert.equal(url.searchParams.get("post_logout_redirect_uri"), loggedOut);
  let isTaken = false;
  host.app.emit("open-url", { preventDefault: () => (isTaken = true) }, `${loggedOut}?state=${url.searchParams.get("state")}`);
  assert.equal(isTaken, true);
});

test("electronAuth_longestTimeout_isNotOverAtOnce", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const host = electron(t);
  const auth = await made(t, host, { redirect: SCHEME, signInTimeout: 1e9 });
  const signedIn = auth.signIn();
  const url = redirectOf(await openedBy(host));
  t.mock.timers.tick(1_000_000);
  auth.handleRedirect(url);
  assert.equal((await signedIn).accessToken, "at");
});
