// @ts-check
// "pixie-auth/electron/main": one client in the main process for all windows of an app. RFC 8252.
import { join } from "node:path";
import { bytes } from "pixie:embedded/client";
import { AuthClient, authorize } from "../auth-client.js";
import { provide } from "../load.js";
import { AuthError } from "pixie:auth-error";
import { tell } from "./host.js";
import { openLoopback } from "./loopback.js";
import { netFetch } from "./net-fetch.js";
import { awaited } from "./patience.js";
import { fileStore, hasKeyring, memoryStore } from "./safe-store.js";
import { serveWindows } from "./windows.js";

export { AuthError, openLoopback };

provide(bytes);

/** Where the store's file lies in the app's own folder. */
const FILE = "pixie-auth.json";

/** Kept to this file: `create` makes them. */
const KEY = {};

/** A URI of the app's own scheme, as far as it names the app. @param {string} uri */
const schemeOf = (uri) => uri.slice(0, uri.indexOf(":"));

export class ElectronAuth {
  #electron;
  #config;
  /** Who waits for a redirect by the app's scheme, by the login's state. @type {Map<string, (url: string) => void>} */
  #awaited = new Map();
  /** @type {(() => void)[]} */
  #ends = [];

  /** @param {object} key @param {any} electron @param {any} config @param {AuthClient} client @param {string} keeps */
  constructor(key, electron, config, client, keeps) {
    if (key !== KEY) throw new TypeError("ElectronAuth.create makes these");
    this.#electron = electron;
    this.#config = config;
    this.client = client;
    this.keeps = keeps;
  }

  /** @param {any} config */
  static async create(config) {
    // Not before it is needed: the file can be loaded where there is no Electron.
    const electron = config.electron ?? require("electron");
    const { app } = electron;
    const { redirect = "loopback", appName = app.name, origins = [], dangerouslyKeepTokensWithoutKeyring, openExternal, signInTimeout, electron: _, ...rest } = config;
    const scheme = typeof redirect === "string" && redirect !== "loopback" ? redirect : undefined;
    if (scheme !== undefined && !/^[a-z][a-z\d+.-]*\.[a-z\d+.-]*:\/[^/]/i.test(scheme)) throw new AuthError("invalid_config", "fix_config", "an option is missing or wrong: redirect");
    // One that the system has started for a redirect hands that to the one that runs, and goes.
    if (scheme && !app.requestSingleInstanceLock()) {
      app.exit();
      return new Promise(() => {});
    }
    /** @type {(auth: ElectronAuth | Promise<never>) => void} */
    let opened = () => {};
    // Before anything is waited for: a window may ask as soon as it is there.
    const unserve = serveWindows(electron, origins, new Promise((resolve) => (opened = resolve)));
    const auth = ElectronAuth.#made(electron, { scheme, redirect, appName, rest, openExternal, signInTimeout, dangerouslyKeepTokensWithoutKeyring });
    opened(auth);
    (await auth).#ends.push(unserve);
    return auth;
  }

  /** @param {any} electron @param {any} config @returns {Promise<any>} */
  static async #made(electron, { scheme, redirect, appName, rest, openExternal, signInTimeout, dangerouslyKeepTokensWithoutKeyring }) {
    const { app, net, powerMonitor } = electron;
    await app.whenReady();
    const { store, keeps } = storeOf(electron, dangerouslyKeepTokensWithoutKeyring);
    const client = await AuthClient.create({
      fetch: netFetch(net),
      ...rest,
      redirectUri: scheme ?? `http://127.0.0.1${redirect.path ?? "/callback"}`,
      storage: store,
    });
    const auth = new ElectronAuth(KEY, electron, { scheme, loopback: { appName, ...(typeof redirect === "object" && redirect) }, openExternal, signInTimeout }, client, keeps);
    const wake = () => tell("online");
    for (const event of ["resume", "unlock-screen"]) {
      powerMonitor.on(event, wake);
      auth.#ends.push(() => powerMonitor.off(event, wake));
    }
    if (scheme) auth.#takeRedirects();
    return auth;
  }

  /**
   * Signs in in the system's browser.
   * @param {any} [options] as those of `AuthClient.login`
   */
  async signIn({ signal, ...options } = /** @type {any} */ ({})) {
    const { scheme, loopback: how, signInTimeout: timeout } = this.#config;
    const loopback = scheme ? undefined : await openLoopback(how);
    try {
      const redirectUri = loopback?.redirectUri;
      const { url, state } = await this.client.createLoginUrl({ ...options, ...(redirectUri && { redirectUri }) });
      const redirect = loopback ? loopback.redirect(state, { timeout, signal }) : this.#redirect(state, { timeout, signal });
      // It is waited for below, once the browser is open.
      redirect.catch(() => {});
      await this.#open(url);
      return (await this.client.handleCallback(await redirect)).session;
    } finally {
      loopback?.close();
    }
  }

  /** Signs out, here and at the server, whose page the browser shows. @param {any} [options] as those of `AuthClient.logout` */
  async signOut(options) {
    const { url } = await this.client.logout({ ...options, redirect: false });
    if (url && options?.redirect !== false) await this.#open(url);
    return { url };
  }

  /** What a request of a window's carries. @param {any} detail */
  authorize(detail) {
    return authorize(this.client, detail);
  }

  /** Takes a redirect by the app's scheme that reached the app by another way. @param {string} url */
  handleRedirect(url) {
    const { scheme } = this.#config;
    if (!scheme || !(url === scheme || url.startsWith(`${scheme}?`))) return false;
    const state = new URL(url).searchParams.get("state") ?? "";
    const take = this.#awaited.get(state);
    if (take) take(url);
    // A login that was begun before the app was started anew: the store knows it, and who listens is told.
    else this.client.handleCallback(url).catch(() => {});
    return true;
  }

  async close() {
    for (const end of this.#ends.splice(0)) end();
    await this.client.close();
  }

  /** @param {string} url */
  #open(url) {
    return (this.#config.openExternal ?? this.#electron.shell.openExternal)(url);
  }

  /** @param {string} state @param {{ timeout?: number, signal?: AbortSignal }} options @returns {Promise<string>} */
  #redirect(state, options) {
    return awaited(
      options,
      (back, resolve) => void this.#awaited.set(state, (url) => back(() => resolve(url))),
      () => this.#awaited.delete(state),
    );
  }

  /** Redirects by the app's scheme: macOS tells the app, the others start it once more, with the URL among its arguments. */
  #takeRedirects() {
    const { app } = this.#electron;
    const { scheme } = this.#config;
    const begins = (/** @type {string} */ argument) => argument.startsWith(scheme);
    // A development's app is a folder that is named to Electron.
    if (process.defaultApp) app.setAsDefaultProtocolClient(schemeOf(scheme), process.execPath, process.argv.slice(1, 2));
    else app.setAsDefaultProtocolClient(schemeOf(scheme));
    const onUrl = (/** @type {any} */ event, /** @type {string} */ url) => this.handleRedirect(url) && event.preventDefault();
    const onSecond = (/** @type {any} */ _, /** @type {string[]} */ argv) => void argv.filter(begins).forEach((url) => this.handleRedirect(url));
    app.on("open-url", onUrl);
    app.on("second-instance", onSecond);
    this.#ends.push(() => app.off("open-url", onUrl), () => app.off("second-instance", onSecond));
    process.argv.slice(1).filter(begins).forEach((url) => this.handleRedirect(url));
  }
}

/** @param {any} electron @param {boolean} [isReckless] */
function storeOf({ app, safeStorage }, isReckless) {
  const path = join(app.getPath("userData"), FILE);
  if (hasKeyring(safeStorage)) {
    const cipher = { encrypt: (/** @type {string} */ text) => safeStorage.encryptString(text), decrypt: (/** @type {Buffer} */ sealed) => safeStorage.decryptString(sealed) };
    return { store: fileStore(path, cipher), keeps: "keyring" };
  }
  if (!isReckless) return { store: memoryStore(), keeps: "memory" };
  const plain = { encrypt: (/** @type {string} */ text) => Buffer.from(text), decrypt: (/** @type {Buffer} */ open) => open.toString("utf8") };
  return { store: fileStore(`${path}.open`, plain), keeps: "open file" };
}
