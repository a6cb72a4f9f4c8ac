// @ts-check
// "pixie-auth/electron/renderer": the class of "pixie-auth" for a window of an Electron app. The client is the main process's,
// one for all windows; the refresh token stays there.
import { AuthError } from "pixie:auth-error";
import { Session } from "../../src/bindings/values.js";
import { authorizedFetch } from "../authorized-fetch.js";

export { AuthError };

/** Kept to this file, so that nobody makes a client that was not opened. */
const KEY = {};

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

export class AuthClient {
  #bridge;
  #config;
  #isOpen = true;
  /** @type {Set<[string, (detail: any) => void]>} */
  #listeners = new Set();

  /** @param {object} key @param {any} bridge @param {any} config */
  constructor(key, bridge, config) {
    if (key !== KEY) throw new TypeError("AuthClient.create makes clients");
    this.#bridge = bridge;
    this.#config = config;
    bridge.listen((/** @type {string} */ event, /** @type {any} */ detail) => {
      for (const [name, listener] of [...this.#listeners]) if (name === event) queueMicrotask(() => listener(detailOf(event, detail)));
    });
  }

  /** @param {{ fetch?: typeof fetch }} [config] */
  static async create(config = {}) {
    const bridge = /** @type {any} */ (globalThis).pixieAuth;
    if (!bridge) throw new AuthError("invalid_config", "fix_config", "an option is missing or wrong", "webPreferences.preload");
    const client = new AuthClient(KEY, bridge, config);
    client.metadata = Object.freeze(await client.#call("open"));
    return client;
  }

  /** @param {string} name @param {unknown} [argument] */
  async #call(name, argument) {
    if (!this.#isOpen) throw new AuthError("client_closed", "fix_config", "this AuthClient was closed");
    const { value, error } = await this.#bridge[name](argument);
    if (error) throw errorOf(error);
    return value;
  }

  /** Signs in in the system's browser; the page stays. @param {any} [options] */
  async login(options) {
    await this.loginPopup(options);
  }

  /** The same, and gives the session. @param {any} [options] */
  async loginPopup({ signal, ...options } = /** @type {any} */ ({})) {
    signal?.throwIfAborted();
    return session(await this.#call("signIn", options));
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

  /** @param {any} input @param {any} [init] */
  async fetch(input, init) {
    return authorizedFetch((/** @type {object} */ detail) => this.#call("authorize", detail), this.#config.fetch, input, init);
  }

  userInfo() {
    return this.#call("userInfo");
  }

  /** @param {any} [options] */
  logout(options) {
    return this.#call("signOut", options);
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
  }
}
