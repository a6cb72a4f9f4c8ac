// @ts-check
// An app in a real Electron, with the packed package among its modules: its main process and its windows driven by Playwright,
// and a headless Chromium for the system's browser.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { _electron } from "playwright-core";

import { isRoot } from "../../scripts/programs.mjs";
import { findElectron } from "../../scripts/electron.mjs";
import { testAccount } from "../../www-demo/server/accounts.mjs";
import { startAuthorizationServer } from "../../www-demo/server/authorization-server.mjs";
import { freshContext } from "./browser.mjs";
import { startDisplay } from "./display.mjs";
import { projectWithPackage } from "./packed-package.mjs";

export const CLIENT = "notes-desktop";

/** The app as its developer would write it. */
const MAIN = `
const { app, BrowserWindow, protocol } = require("electron");
const { readFileSync } = require("node:fs");
const { extname, join } = require("node:path");
const { ElectronAuth } = require("pixie-auth/electron/main");

const { userData, config, windows } = JSON.parse(process.env.APP);
app.setPath("userData", userData);
protocol.registerSchemesAsPrivileged([{ scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
globalThis.auth = ElectronAuth.create(config);
globalThis.auth.catch(() => {});

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".json": "application/json" };
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src http://127.0.0.1:*; frame-src *; base-uri 'none'";
const pathOf = (url) => join(__dirname, new URL(url).pathname);
globalThis.openWindow = (url = "app://notes/index.html") => {
  const window = new BrowserWindow({ show: false, webPreferences: { preload: require.resolve("pixie-auth/electron/preload"), sandbox: true, contextIsolation: true, nodeIntegrationInSubFrames: true } });
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
 * @param {{ lifetime?: number, redirectUris?: string[] }} [options]
 */
export async function authorizationServer(t, { lifetime = 60, redirectUris = ["http://127.0.0.1/callback"] } = {}) {
  const server = await startAuthorizationServer({
    clients: [{ clientId: CLIENT, redirectUris, metadata: { application_type: "native" }, allowedOrigins: ["app://notes"] }],
    accessTokenTtl: lifetime,
  });
  t.after(() => server.close());
  return server;
}

/**
 * @param {import("node:test").TestContext} t
 * @param {{ config: object, windows?: number, userData?: string }} options
 */
export async function startApp(t, { config, windows = 1, userData }) {
  const { path } = await findElectron();
  if (path === null) throw new Error("no Electron");
  const project = await projectWithPackage({ "package.json": JSON.stringify({ name: "notes", main: "main.js" }), "main.js": MAIN, "index.html": PAGE, "page.js": SCRIPT });
  const folder = userData ?? (await mkdtemp(join(tmpdir(), "pixie-auth-user-")));
  const { display } = await startDisplay();
  const app = await _electron.launch({
    executablePath: path,
    args: [...(isRoot ? ["--no-sandbox"] : []), "--disable-gpu", project.path],
    env: { ...process.env, DISPLAY: display ?? "", APP: JSON.stringify({ userData: folder, config, windows }) },
    timeout: 30_000,
  });
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
  return { app, userData: folder, close };
}

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

/**
 * Somebody signs in at the server, and is sent back.
 * @param {import("node:test").TestContext} t @param {string} url
 */
export async function signInThere(t, url) {
  const context = await freshContext(t);
  const page = await context.newPage();
  await page.goto(url);
  await page.locator("#username").fill(testAccount.username);
  await page.locator("#password").fill(testAccount.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  // The server asks for native apps, which anybody may pass for: RFC 8252 §8.6.
  await page.getByRole("button", { name: "Allow" }).click();
  return page;
}
