// @ts-check
// "pixie-auth/electron/main": one client in the main process for all windows of an app. RFC 8252.
import { join } from "node:path";
import { bytes } from "pixie:embedded/client";
import { AuthClient, authorize } from "../auth-client.js";
import { provide } from "../load.js";
import { isAt, OutsideLogin } from "../outside-login.js";
import { AuthError } from "pixie:auth-error";
import { tell } from "./host.js";
import { openLoopback } from "./loopback.js";
import { netFetch } from "./net-fetch.js";
import { ownScheme } from "./own-scheme.js";
import { fileStore, hasKeyring, memoryStore, moved, PLAIN } from "./safe-store.js";
import { serveWindows } from "./windows.js";

export { AuthError, openLoopback };

provide(bytes);

/** Where the store's file lies in the app's own folder. */
const FILE = "pixie-auth.json";

/** Kept to this file: `create` makes them. */
const KEY = {};

/**
 * A URI of an app's own scheme, which is a domain of its maker's turned round: RFC 8252 §7.1. In the letters in which the system
 * hands it on. Servers have both `:/` and `://` in the field.
 */
const SCHEME = /^[a-z][a-z\d+-]*(\.[a-z\d+-]+)+:\/[^\s?#]+$/;

/** The URI of the app's own scheme that a configuration names, if it does. @param {unknown} redirect @returns {string | undefined} */
function schemeIn(redirect = "loopback") {
  if (redirect === "loopback" || typeof redirect !== "string") return undefined;
  if (!SCHEME.test(redirect)) throw new AuthError("invalid_config", "fix_config", "an option is missing or wrong: redirect");
  return redirect;
}

export class ElectronAuth {
  #scheme;
  #loopback;
  #login;
  /** @type {(() => void)[]} */
  #ends = [];

  /** @param {object} key @param {any} electron @param {any} config @param {AuthClient} client @param {string} keeps */
  constructor(key, electron, { redirect, appName = electron.app.name, openExternal = (/** @type {string} */ url) => electron.shell.openExternal(url), signInTimeout: timeout, onRedirect, postLogoutRedirectUri }, client, keeps) {
    if (key !== KEY) throw new TypeError("ElectronAuth.create makes these");
    this.client = client;
    this.keeps = keeps;
    this.#scheme = schemeIn(redirect);
    this.#loopback = { appName, ...(typeof redirect === "object" && redirect) };
    this.#login = new OutsideLogin({ client, open: openExternal, redirectUri: this.#scheme, postLogoutRedirectUri, timeout, onRedirect });
  }

  /** @param {any} config */
  static async create(config) {
    // Not before it is needed: the file can be loaded where there is no Electron.
    const electron = config.electron ?? require("electron");
    // One that the system has started for a redirect hands that to the one that runs, and goes.
    if (schemeIn(config.redirect) && !electron.app.requestSingleInstanceLock()) {
      electron.app.exit();
      return new Promise(() => {});
    }
    /** @type {(auth: Promise<ElectronAuth>) => void} */
    let opened = () => {};
    // Both before anything is waited for: a window may ask as soon as it is there, and a redirect may be what the app was started for.
    const unserve = serveWindows(electron, config.origins ?? [], new Promise((resolve) => (opened = resolve)));
    const { redirect, postLogoutRedirectUri } = config;
    const own = schemeIn(redirect) && ownScheme(electron.app, redirect.split(":")[0], (url) => isAt(redirect, url) || isAt(postLogoutRedirectUri, url));
    const made = ElectronAuth.#made(electron, config);
    opened(made);
    try {
      const auth = await made;
      auth.#ends.push(unserve);
      if (own) {
        auth.#ends.push(own.end);
        own.deliver((url) => auth.handleRedirect(url));
      }
      return auth;
    } catch (error) {
      // So that it can be tried again.
      unserve();
      throw error;
    }
  }

  /** @param {any} electron @param {any} config @returns {Promise<any>} */
  static async #made(electron, config) {
    const { redirect, appName: _, origins: _origins, openExternal: _open, signInTimeout: _timeout, onRedirect: _redirect, electron: _electron, dangerouslyKeepTokensWithoutKeyring, ...rest } = config;
    await electron.app.whenReady();
    const { store, keeps } = storeOf(electron, dangerouslyKeepTokensWithoutKeyring);
    const client = await AuthClient.create({
      fetch: netFetch(electron.net),
      ...rest,
      redirectUri: schemeIn(redirect) ?? `http://127.0.0.1${redirect?.path ?? "/callback"}`,
      storage: store,
    });
    const auth = new ElectronAuth(KEY, electron, config, client, keeps);
    const wake = () => tell("online");
    for (const event of ["resume", "unlock-screen"]) {
      electron.powerMonitor.on(event, wake);
      auth.#ends.push(() => electron.powerMonitor.off(event, wake));
    }
    return auth;
  }

  /**
   * Signs in in the system's browser.
   * @param {any} [options] as those of `AuthClient.login`
   */
  async signIn(options) {
    return (await this.#login.signIn(options, this.#scheme ? undefined : () => openLoopback(this.#loopback))).session;
  }

  /** Signs out, here and at the server, whose page the browser shows. @param {any} [options] as those of `AuthClient.logout` */
  signOut(options) {
    return this.#login.signOut(options);
  }

  /** What a request of a window's carries. @param {any} detail */
  authorize(detail) {
    return authorize(this.client, detail);
  }

  /** Takes a redirect by the app's scheme that reached the app by another way. @param {string} url */
  handleRedirect(url) {
    return this.#login.take(url);
  }

  async close() {
    for (const end of this.#ends.splice(0)) end();
    this.#login.end();
    await this.client.close();
  }
}

/** @param {any} electron @param {boolean} [isReckless] */
function storeOf({ app, safeStorage }, isReckless) {
  const path = join(app.getPath("userData"), FILE);
  const open = `${path}.open`;
  if (hasKeyring(safeStorage)) {
    const cipher = { encrypt: (/** @type {string} */ text) => safeStorage.encryptString(text), decrypt: (/** @type {Buffer} */ sealed) => safeStorage.decryptString(sealed) };
    return { store: moved(open, fileStore(path, cipher)), keeps: "keyring" };
  }
  if (!isReckless) return { store: moved(open, memoryStore()), keeps: "memory" };
  return { store: fileStore(open, PLAIN), keeps: "open file" };
}
