// @ts-check
// A hybrid app at Capacitor's origin on iOS, capacitor://localhost: a browser has no way to make one, Electron's protocols have.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";

import { closeBrowser } from "../support/browser.mjs";
import { authorizationServer, electronMissing, launch } from "../support/electron-app.mjs";
import { device, hybridApp, REDIRECT } from "../support/hybrid-app.mjs";
import { handedOver, SUBJECT } from "../support/outside-browser.mjs";

after(closeBrowser);

const skip = (await electronMissing()) ?? false;

/** A WebView that serves its files as Capacitor's does. */
const SHELL = `
const { app, BrowserWindow, protocol } = require("electron");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
app.setPath("userData", join(__dirname, "user"));
protocol.registerSchemesAsPrivileged([{ scheme: "capacitor", privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
app.whenReady().then(() => {
  const file = (url) => join(__dirname, new URL(url).pathname);
  const type = (url) => (url.endsWith(".js") ? "text/javascript" : "text/html");
  if (protocol.handle) protocol.handle("capacitor", ({ url }) => new Response(readFileSync(file(url)), { headers: { "Content-Type": type(url) } }));
  else protocol.registerFileProtocol("capacitor", ({ url }, answer) => answer({ path: file(url) }));
  new BrowserWindow({ show: false, webPreferences: { sandbox: true } }).loadURL("about:blank");
});
`;

test("hybrid_page_at_capacitor_signsInAndKeepsTheSessionThroughARestart", { skip }, async (t) => {
  const folder = await hybridApp(t);
  await writeFile(join(folder, "main.js"), SHELL);
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "shell", main: "main.js" }));
  const server = await authorizationServer(t, { clientId: "notes-mobile", redirectUris: [REDIRECT], allowedOrigins: ["capacitor://localhost"] });
  const app = await launch(t, folder);
  const page = await app.firstWindow();
  const phone = await device(page);
  const config = { issuer: server.issuer };
  const start = async () => {
    await page.goto("capacitor://localhost/index.html");
    await page.evaluate((one) => globalThis.start(one), config);
  };
  await start();
  const { challenge, origin } = await page.evaluate(() => globalThis.pair());
  assert.match(challenge, /^[\w-]{43}$/);
  assert.equal(origin, "capacitor://localhost");

  const signedIn = page.evaluate(async () => (await globalThis.signIn()).session.claims.sub);
  const redirect = await handedOver(t, await phone.opens(), REDIRECT);
  await page.evaluate((url) => globalThis.fire("appUrlOpen", { url }), redirect);
  assert.equal(await signedIn, SUBJECT);
  await start();
  assert.equal(await page.evaluate(async () => (await client.refresh()).claims.sub), SUBJECT);
});
