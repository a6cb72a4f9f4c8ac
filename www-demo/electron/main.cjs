// @ts-check
// The demo in a window: the same page as in the browser (page/ is www-demo/spa), with one client for all windows in this process.
// npm run start:electron puts it together; package.json, this file and page/ are all there is of it.
const { app, BrowserWindow, Menu, protocol, session } = require("electron");
const { readFile } = require("node:fs/promises");
const { extname, join, sep } = require("node:path");
const { ElectronAuth } = require("pixie-auth/electron/main");

const { issuer, clientId, scope, contentSecurityPolicy } = require("./page/config.json");

const ORIGIN = "app://demo";
const TYPES = { ".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml" };

// Where the session is kept: a demo of its own, beside no other app.
app.setPath("userData", process.env.DEMO_USER_DATA ?? join(app.getPath("appData"), "pixie-auth-demo"));
// A secure origin of the app's own, in place of file://: storage, modules and a policy work in it as they do on a site.
protocol.registerSchemesAsPrivileged([{ scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true } }]);

const ready = ElectronAuth.create({ issuer, clientId, scope, origins: [ORIGIN], appName: "the pixie-auth demo" });
ready.then(({ keeps }) => console.log(`The session is kept in: ${keeps}`), (error) => console.error(error.message));

/** @param {string} url @returns {Promise<{ body: Buffer, headers: Record<string, string> } | null>} */
async function file(url) {
  const { host, pathname } = new URL(url);
  try {
    const path = pathname === "/" ? "/index.html" : decodeURIComponent(pathname);
    const root = path.startsWith("/node_modules/") ? __dirname : join(__dirname, "page");
    const target = join(root, path);
    if (host !== "demo" || !target.startsWith(root + sep)) return null;
    const body = await readFile(target);
    const headers = { "Content-Type": `${TYPES[/** @type {keyof TYPES} */ (extname(target))] ?? "application/octet-stream"}; charset=utf-8` };
    return { body, headers: extname(target) === ".html" ? { ...headers, "Content-Security-Policy": contentSecurityPolicy } : headers };
  } catch {
    return null;
  }
}

/** Serves the page at its origin, in the way that this Electron has. */
function serve() {
  if (protocol.handle) {
    protocol.handle("app", async ({ url }) => {
      const found = await file(url);
      return new Response(found?.body ?? "Not found", { status: found ? 200 : 404, headers: found?.headers });
    });
  } else {
    protocol.registerBufferProtocol("app", async ({ url }, answer) => {
      const found = await file(url);
      answer({ statusCode: found ? 200 : 404, data: found?.body ?? Buffer.from("Not found"), headers: found?.headers });
    });
  }
}

function openWindow() {
  const window = new BrowserWindow({
    width: 1180,
    height: 860,
    show: false,
    webPreferences: { preload: require.resolve("pixie-auth/electron/preload"), sandbox: true, contextIsolation: true },
  });
  window.once("ready-to-show", () => window.show());
  // The page is the app's: nothing else is shown in this window, or in one that it opens.
  window.webContents.setWindowOpenHandler(() => ({ action: "deny" }));
  window.webContents.on("will-navigate", (event, url) => url.startsWith(`${ORIGIN}/`) || event.preventDefault());
  window.loadURL(`${ORIGIN}/`);
}

app.whenReady().then(() => {
  serve();
  session.defaultSession.setPermissionRequestHandler((_, __, answer) => answer(false));
  const fileMenu = { label: "File", submenu: [{ label: "New window", accelerator: "CmdOrCtrl+N", click: openWindow }, { role: "quit" }] };
  Menu.setApplicationMenu(Menu.buildFromTemplate(/** @type {any} */ ([fileMenu, { role: "editMenu" }, { role: "viewMenu" }])));
  openWindow();
  app.on("activate", () => BrowserWindow.getAllWindows().length > 0 || openWindow());
});
app.on("window-all-closed", () => process.platform === "darwin" || app.quit());
