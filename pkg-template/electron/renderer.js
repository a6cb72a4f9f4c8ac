// @ts-check
// "pixie-auth/electron/renderer": the class of "pixie-auth" for a window of an Electron app. The client is the main process's,
// one for all windows; the refresh token stays there.
import { AuthError } from "pixie:auth-error";
import { Session } from "../../src/bindings/values.js";
import { authorizedFetch } from "../authorized-fetch.js";

export { AuthError };

/** Kept to this file, so that nobody makes a client that was not opened. */
const KEY = {};

const CLOSED = {};

const session = (/** @type {object | null} */ members) => members && new Session(members);

/** @param {any} told by the main process */
function errorOf({ code, action, message, ...others }) {
  const error = new AuthError(code, action, "");
  error.message = message;
  for (const [name, value] of Object.entries(others)) if (value !== undefined) Object.assign(error, { [name]: value });
  return error;
}

/** @param {string} event @param {any} detail */
function detailOf(event, detail) {
  if (event === "signedIn" || event === "refreshed") return session(detail);
  return detail.error ? { ...detail, error: errorOf(detail.error) } : detail;
}

/** What the main process does, and a window has no part in. @param {string} method @returns {Promise<never>} */
const elsewhere = async (method) => {
  throw new AuthError("invalid_config", "fix_config", "an option is missing or wrong", `${method} is the main process's, a window signs in by login`);
};

export class AuthClient {
  #bridge;
  #config;
  #isOpen = true;
  /** @type {Set<[string, (detail: any) => void]>} */
  #listeners = new Set();
  #unlisten;

  /** @param {object} key @param {any} bridge @param {any} config */
  constructor(key, bridge, config) {
    if (key !== KEY) throw new TypeError("AuthClient.create makes clients");
    this.#bridge = bridge;
    this.#config = config;
    this.#unlisten = bridge.listen((/** @type {string} */ event, /** @type {any} */ detail) => {
      for (const [name, listener] of [...this.#listeners]) if (name === event) queueMicrotask(() => listener(detailOf(event, detail)));
    });
  }

  /** @param {{ fetch?: typeof fetch }} [config] the rest is the main process's, and not looked at here */
  static async create(config = {}) {
    const bridge = /** @type {any} */ (globalThis).pixieAuth;
    if (!bridge) throw new AuthError("invalid_config", "fix_config", "an option is missing or wrong", "webPreferences.preload");
    const client = new AuthClient(KEY, bridge, config);
    try {
      client.metadata = Object.freeze(await client.#call("open"));
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /** @param {string} name @param {unknown} [argument] */
  async #call(name, argument) {
    const { value, error } = await (async () => this.#isOpen ? this.#bridge[name](argument) : Promise.reject(CLOSED))().catch((/** @type {any} */ reason) => {
      // The main process has no ElectronAuth, or has closed it. Otherwise what was given cannot be handed over.
      if (reason === CLOSED || /No handler/.test(reason?.message)) throw new AuthError("client_closed", "fix_config", "this AuthClient was closed");
      throw new AuthError("invalid_config", "fix_config", "an option is missing or wrong", name);
    });
    if (error) throw errorOf(error);
    return value;
  }

  /** Signs in in the system's browser; the page stays. @param {any} [options] */
  async login(options) {
    await this.loginPopup(options);
  }

  /** The same, and gives the session. @param {any} [options] */
  async loginPopup({ signal, ...options } = /** @type {any} */ ({})) {
    // No other's, of a client or a page before.
    const number = crypto.getRandomValues(new Uint32Array(4)).join();
    const abort = () => void this.#call("abortSignIn", number).catch(() => {});
    signal?.addEventListener("abort", abort);
    try {
      const signedIn = this.#call("signIn", { number, options });
      if (signal?.aborted) abort();
      return session(await signedIn);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  async getSession() {
    return session(await this.#call("getSession"));
  }

  /** @param {any} [options] @returns {Promise<string>} */
  getAccessToken(options) {
    return this.#call("getAccessToken", options);
  }

  async refresh() {
    return session(await this.#call("refresh"));
  }

  startAutoRefresh() {
    this.#call("startAutoRefresh").catch(() => {});
  }

  stopAutoRefresh() {
    this.#call("stopAutoRefresh").catch(() => {});
  }

  /** @param {any} input @param {any} [init] */
  async fetch(input, init) {
    return authorizedFetch((/** @type {object} */ detail) => this.#call("authorize", detail), this.#config.fetch, input, init);
  }

  userInfo() {
    return this.#call("userInfo");
  }

  revoke() {
    return this.#call("revoke");
  }

  /** @param {any} [options] */
  logout(options) {
    return this.#call("signOut", options);
  }

  createLoginUrl() {
    return elsewhere("createLoginUrl");
  }

  loginSilent() {
    return elsewhere("loginSilent");
  }

  handleCallback() {
    return elsewhere("handleCallback");
  }

  handleLogoutCallback() {
    return elsewhere("handleLogoutCallback");
  }

  grant() {
    return elsewhere("grant");
  }

  /** @param {string} event @param {(detail: any) => void} listener */
  on(event, listener) {
    /** @type {[string, (detail: any) => void]} */
    const entry = [event, listener];
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  async close() {
    this.#isOpen = false;
    this.#listeners.clear();
    this.#unlisten();
  }
}

AuthClient.prototype[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")] = AuthClient.prototype.close;
