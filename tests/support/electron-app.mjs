// @ts-check
// An app in a real Electron, with the packed package among its modules: its main process and its windows driven by Playwright,
// and a headless Chromium for the system's browser.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { _electron } from "playwright-core";

import { isRoot } from "../../scripts/programs.mjs";
import { findElectron } from "../../scripts/electron.mjs";
import { startAuthorizationServer } from "../../www-demo/server/authorization-server.mjs";
import { startDisplay } from "./display.mjs";
import { projectWithPackage } from "./packed-package.mjs";

export const CLIENT = "notes-desktop";

/** Whoever runs the tests may have a keyring of their own. */
const WITHOUT_KEYRING = { DBUS_SESSION_BUS_ADDRESS: "disabled:", XDG_CURRENT_DESKTOP: "" };

/** The app as its developer would write it. */
const MAIN = `
const { app, BrowserWindow, protocol } = require("electron");
const { readFileSync } = require("node:fs");
const { extname, join } = require("node:path");
const { ElectronAuth } = require("pixie-auth/electron/main");

const { userData, config, windows, preload = require.resolve("pixie-auth/electron/preload") } = JSON.parse(process.env.APP);
app.setPath("userData", userData);
protocol.registerSchemesAsPrivileged([{ scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
globalThis.auth = ElectronAuth.create(config);
globalThis.auth.catch(() => {});

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".json": "application/json" };
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src http://localhost:*; frame-src *; base-uri 'none'";
const pathOf = (url) => join(__dirname, new URL(url).pathname);
globalThis.openWindow = (url = "app://notes/index.html") => {
  const window = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true, contextIsolation: true, nodeIntegrationInSubFrames: true } });
  return window.loadURL(url);
};
app.whenReady().then(async () => {
  if (protocol.handle) {
    protocol.handle("app", ({ url }) => new Response(readFileSync(pathOf(url)), { headers: { "Content-Type": TYPES[extname(pathOf(url))] ?? "", "Content-Security-Policy": POLICY } }));
  } else {
    protocol.registerFileProtocol("app", ({ url }, done) => done({ path: pathOf(url), headers: { "Content-Security-Policy": POLICY } }));
  }
  await globalThis.auth.catch(() => {});
  for (let count = 0; count < windows; count += 1) await globalThis.openWindow();
});
app.on("window-all-closed", () => {});
`;

const PAGE = `<!doctype html><meta charset="utf-8"><title>Notes</title><script type="module" src="page.js"></script>`;

const SCRIPT = `
import { AuthClient } from "./node_modules/pixie-auth/electron/renderer.js";
import { generatePkce, codeChallenge } from "./node_modules/pixie-auth/pkce.js";
globalThis.told = [];
globalThis.pkce = { generatePkce, codeChallenge };
globalThis.ready = AuthClient.create().then((client) => {
  for (const name of ["signedIn", "refreshed", "refreshDelayed", "signedOut"]) client.on(name, (detail) => told.push([name, detail]));
  return (globalThis.client = client);
});
globalThis.ready.catch(() => {});
`;

/** Why there is none here, or null. */
export async function electronMissing() {
  const { missing } = await findElectron();
  return missing ?? (await startDisplay()).missing;
}

/**
 * @param {import("node:test").TestContext} t
 * @param {{ lifetime?: number, clientId?: string, redirectUris?: string[], allowedOrigins?: string[] }} [options]
 */
export async function authorizationServer(t, { lifetime = 60, clientId = CLIENT, redirectUris = ["http://127.0.0.1/callback"], allowedOrigins = ["app://notes"] } = {}) {
  const server = await startAuthorizationServer({
    clients: [{ clientId, redirectUris, metadata: { application_type: "native" }, allowedOrigins }],
    accessTokenTtl: lifetime,
  });
  t.after(() => server.close());
  return server;
}

/** How an app is started. @param {string} folder the app's @param {Record<string, string>} [env] */
async function commandFor(folder, env) {
  const { path } = await findElectron();
  if (path === null) throw new Error("no Electron");
  const { display } = await startDisplay();
  return { path, args: [...(isRoot ? ["--no-sandbox"] : []), "--disable-gpu", folder], environment: { ...process.env, ...WITHOUT_KEYRING, ...env, DISPLAY: display ?? "" } };
}

/**
 * Starts somebody else's app.
 * @param {import("node:test").TestContext} t @param {string} folder @param {Record<string, string>} [env]
 */
export async function launch(t, folder, env) {
  const { path, args, environment } = await commandFor(folder, env);
  const app = await _electron.launch({ executablePath: path, args, env: environment, timeout: 30_000 });
  t.after(() => app.close());
  return app;
}

/**
 * @typedef {object} Started
 * @property {import("playwright-core").ElectronApplication} app
 * @property {string} userData
 * @property {() => Promise<void>} close
 * @property {(url: string) => Promise<number | null>} startAgain with a URL, as the system does for an app's own scheme; gives the
 * exit code
 */

/**
 * @param {import("node:test").TestContext} t
 * @param {{ config: object, windows?: number, userData?: string, env?: Record<string, string>, argument?: string, preload?: string }} options
 * @returns {Promise<Started>}
 */
export async function startApp(t, { config, windows = 1, userData, env, argument, preload }) {
  const project = await projectWithPackage({ "package.json": JSON.stringify({ name: "notes", main: "main.js" }), "main.js": MAIN, "index.html": PAGE, "page.js": SCRIPT });
  const folder = userData ?? (await mkdtemp(join(tmpdir(), "pixie-auth-user-")));
  const { path, args, environment } = await commandFor(project.path, { ...env, APP: JSON.stringify({ userData: folder, config, windows, preload }) });
  const app = await _electron.launch({ executablePath: path, args: [...args, ...(argument ? [argument] : [])], env: environment, timeout: 30_000 });
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await app.close();
  };
  t.after(async () => {
    await close();
    await project.remove();
    if (!userData) await rm(folder, { recursive: true, force: true });
  });
  const startAgain = async (/** @type {string} */ url) => {
    const second = spawn(path, [...args, url], { env: environment, stdio: "ignore" });
    const [code] = await once(second, "exit");
    return code;
  };
  return { app, userData: folder, close, startAgain };
}

/**
 * An app with a server to sign in at, its windows open.
 * @param {import("node:test").TestContext} t
 * @param {{ windows?: number, lifetime?: number, config?: object, userData?: string, env?: Record<string, string>, redirectUris?: string[], preload?: string,
 *   server?: import("../../www-demo/server/authorization-server.mjs").AuthorizationServer }} [options]
 */
export async function staged(t, { windows = 1, lifetime, config = {}, userData, env, redirectUris, preload, server: given } = {}) {
  const server = given ?? (await authorizationServer(t, { lifetime, redirectUris }));
  const whole = { issuer: server.issuer, clientId: CLIENT, scope: "openid profile offline_access", origins: ["app://notes"], ...config };
  const started = await startApp(t, { config: whole, windows, userData, env, preload });
  return { server, config: whole, pages: await pagesOf(started.app, windows), browser: await systemBrowser(started.app), ...started };
}

/** The app's windows, each with its script begun. @param {import("playwright-core").ElectronApplication} app @param {number} count */
export async function pagesOf(app, count) {
  while (app.windows().length < count) await app.waitForEvent("window");
  const pages = app.windows();
  await Promise.all(pages.map((page) => page.waitForFunction(() => "ready" in globalThis)));
  return pages;
}

/** Begins a sign-in in a window; gives the user's subject. @param {import("playwright-core").Page} page @returns {Promise<string>} */
export const signInFrom = (page) => page.evaluate(async () => (await (await /** @type {any} */ (globalThis).ready).loginPopup()).claims.sub);

/**
 * Takes what the app opens in the system's browser.
 * @param {import("playwright-core").ElectronApplication} app
 */
export async function systemBrowser(app) {
  await app.evaluate(({ shell }) => {
    const held = /** @type {any} */ (globalThis);
    held.opened = [];
    shell.openExternal = async (url) => void held.opened.push(url);
  });
  return {
    /** The next URL that it is to show. @returns {Promise<string>} */
    async opened() {
      for (;;) {
        const url = await app.evaluate(() => /** @type {any} */ (globalThis).opened.shift());
        if (url) return url;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}
