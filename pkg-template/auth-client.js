// @ts-check
// The class that programs see. Each method is one request to the module's client, which gives a promise.
import { open } from "pixie:glue";
import { init } from "./load.js";

// The numbers of `Request` in src/bindings/client.rs.
const LOGIN = 0;
const CREATE_LOGIN_URL = 1;
const HANDLE_CALLBACK = 2;
const GET_SESSION = 3;
const GET_ACCESS_TOKEN = 4;
const REFRESH = 5;
const START_AUTO_REFRESH = 6;
const STOP_AUTO_REFRESH = 7;
const LOGOUT = 8;
const HANDLE_LOGOUT_CALLBACK = 9;
const CLOSE = 10;

/** Kept to this file, so that nobody makes a client that was not opened. */
const KEY = {};

export class AuthClient {
  /** @type {{ ask(request: number, argument?: unknown): Promise<any> }} */
  #client;
  /** @type {Set<[string, (detail: any) => void]>} */
  #listeners = new Set();

  /** @param {object} key */
  constructor(key) {
    if (key !== KEY) throw new TypeError("AuthClient.create makes clients");
  }

  /** @param {any} config */
  static async create(config) {
    await init();
    const client = new AuthClient(KEY);
    client.#client = await open(config, (/** @type {string | undefined} */ event, /** @type {any} */ detail) => {
      if (event) client.#emit(event, detail);
      else client.metadata = Object.freeze(detail);
    });
    return client;
  }

  login(options) {
    return this.#client.ask(LOGIN, options);
  }

  createLoginUrl(options) {
    return this.#client.ask(CREATE_LOGIN_URL, options);
  }

  handleCallback(url) {
    return this.#client.ask(HANDLE_CALLBACK, url);
  }

  getSession() {
    return this.#client.ask(GET_SESSION);
  }

  getAccessToken(options) {
    return this.#client.ask(GET_ACCESS_TOKEN, options);
  }

  refresh() {
    return this.#client.ask(REFRESH);
  }

  startAutoRefresh() {
    this.#client.ask(START_AUTO_REFRESH);
  }

  stopAutoRefresh() {
    this.#client.ask(STOP_AUTO_REFRESH);
  }

  logout(options) {
    return this.#client.ask(LOGOUT, options);
  }

  handleLogoutCallback(url) {
    return this.#client.ask(HANDLE_LOGOUT_CALLBACK, url);
  }

  on(event, listener) {
    /** @type {[string, (detail: any) => void]} */
    const entry = [event, listener];
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  close() {
    this.#listeners.clear();
    return this.#client.ask(CLOSE);
  }

  #emit(event, detail) {
    // A copy: a listener may add and remove others.
    for (const [name, listener] of [...this.#listeners]) {
      if (name !== event) continue;
      try {
        listener(detail);
      } catch (error) {
        // The program's own error: the host reports it as one, and the others are told all the same.
        Promise.reject(error);
      }
    }
  }
}

// Hosts without explicit resource management have no such symbol; their polyfills look for this one.
AuthClient.prototype[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")] = AuthClient.prototype.close;
