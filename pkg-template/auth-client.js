// @ts-check
// The class that programs see. Each method is one request to the module's client, by the numbers of
// src/bindings/client.rs, and gives a promise.
/* global __ELECTRON_MAIN__ */
import { ask, deliver, open } from "pixie:glue";
import { readAppState, writeAppState } from "./app-state.js";
import { init, seldom, windows } from "./load.js";

const here = () => globalThis.location?.href;
const text = (/** @type {unknown} */ url) => (url instanceof URL ? url.href : url);

/** What few configurations have, as `Config::fill_seldom` reads it: by the second module. */
const SELDOM = ["par", "resource", "allowedOrigins", "pkceMethod", "clockTolerance", "requestTimeout"];

/** Kept to this file, so that nobody makes a client that was not opened. */
const KEY = {};

/** In the main process of an Electron app: what `fetch` of a window carries. @type {(client: AuthClient, detail: object) => Promise<any>} */
export let authorize;

export class AuthClient {
  /** The number of the module's client; 0 until it is made. */
  #client = 0;
  /** @type {Map<number, [(value: any) => void, (error: unknown) => void]>} */
  #callers = new Map();
  #last = 0;
  /** Whether the authorization request may have to be pushed. */
  #mayPush = false;
  /** @type {Set<[string, (detail: any) => void]>} */
  #listeners = new Set();

  /** The program's. @type {any} */
  #config;
  #closing = new AbortController();

  /** @param {object} key @param {any} [config] */
  constructor(key, config) {
    if (key !== KEY) throw new TypeError("AuthClient.create makes clients");
    this.#config = { ...config };
  }

  /** @param {any} config */
  static async create(config) {
    await init();
    const hasSeldom = config?.dpop || typeof config?.autoRefresh === "object" || SELDOM.some((name) => config?.[name] !== undefined);
    if (hasSeldom) await seldom();
    const client = new AuthClient(KEY, config);
    // A storage answers at once: while the client is being made, there is nobody to take the answer yet.
    const answered = async (/** @type {any} */ ...answer) => {
      if (!client.#client) await 0;
      deliver(client.#client, ...answer);
    };
    const told = {
      settle: (/** @type {number} */ caller, /** @type {any} */ value, /** @type {boolean} */ failed) => {
        client.#callers.get(caller)?.[failed ? 1 : 0](value);
        client.#callers.delete(caller);
      },
      notify: (/** @type {string} */ event, /** @type {any} */ detail) => {
        // A copy: a listener may add and remove others.
        for (const [name, listener] of [...client.#listeners]) {
          if (name !== event) continue;
          try {
            listener(detail);
          } catch (error) {
            // The program's own error: the host reports it as one, and the others are told all the same.
            Promise.reject(error);
          }
        }
      },
    };
    const opened = client.#call((caller) => (client.#client = open(config, told, answered, caller, !!hasSeldom)));
    const discovered = await opened.catch((error) => {
      client.close();
      throw error;
    });
    const metadata = (client.metadata = Object.freeze({ ...discovered, ...config.metadata }));
    const isNamed = metadata.pushed_authorization_request_endpoint ?? metadata.require_pushed_authorization_requests;
    client.#mayPush = config.par ? config.par !== "never" : isNamed;
    // Without `allowInsecure` there would be no client.
    if (!globalThis.crypto?.subtle) console.warn("pixie-auth: no secure context, ID tokens unverified");
    return client;
  }

  /** @param {(caller: number) => void} call @returns {Promise<any>} */
  #call(call) {
    return new Promise((resolve, reject) => {
      const caller = (this.#last += 1);
      this.#callers.set(caller, [resolve, reject]);
      call(caller);
    });
  }

  /** @param {number} request @param {unknown} [argument] */
  #ask(request, argument) {
    return this.#call((caller) => ask(this.#client, caller, request, argument));
  }

  /** Asks for what is in the second module. @param {number} request @param {unknown} [argument] */
  async #seldom(request, argument) {
    await seldom();
    return this.#ask(request, argument);
  }

  /** Begins a login. Its options and the pushing of its request are in the second module. @param {number} request @param {any} options */
  async #begin(request, options) {
    const { appState, ...others } = options ?? {};
    const argument = { appState: await writeAppState(appState, seldom), options: Object.values(others).some((one) => one !== undefined) ? others : undefined };
    return argument.options || this.#mayPush ? this.#seldom(request, argument) : this.#ask(request, argument);
  }

  login(options) {
    return this.#begin(/* LOGIN */ 0, options);
  }

  createLoginUrl(options) {
    return this.#begin(/* CREATE_LOGIN_URL */ 1, options);
  }

  loginPopup(options) {
    // Before anything is waited for: what comes later is not the user's click, and the browser would block it.
    return this.#window(options, globalThis.open?.("about:blank", "_blank", "popup,width=500,height=700") ?? null);
  }

  loginSilent(options) {
    return this.#window(options);
  }

  /** Signs in in another window. @param {any} options @param {Window | null} [popup] or else a frame */
  async #window(options, popup) {
    try {
      return await (await windows()).signIn(this, this.#config, this.#closing.signal, options, popup);
    } finally {
      popup?.close();
    }
  }

  async handleCallback(url = here()) {
    const redirect = text(url);
    // The core's mark of a login in a window of its own: whoever opened that may wait for this.
    if (/[?&]state=w\./.test(redirect)) await (await windows()).handOver(redirect);
    const { session, appState } = await this.#ask(/* HANDLE_CALLBACK */ 2, redirect);
    return { session, appState: appState && (await readAppState(appState, seldom)) };
  }

  getSession() {
    return this.#ask(/* GET_SESSION */ 3);
  }

  getAccessToken(options) {
    return (options?.resource ?? options?.scope) === undefined
      ? this.#ask(/* GET_ACCESS_TOKEN */ 4, options)
      : this.#seldom(/* RESOURCE_TOKEN */ 15, options);
  }

  refresh() {
    return this.#ask(/* REFRESH */ 5);
  }

  static {
    if (__ELECTRON_MAIN__) authorize = (client, detail) => client.#seldom(/* AUTHORIZE */ 14, detail);
  }

  startAutoRefresh() {
    ask(this.#client, 0, /* START_AUTO_REFRESH */ 6);
  }

  stopAutoRefresh() {
    ask(this.#client, 0, /* STOP_AUTO_REFRESH */ 7);
  }

  async fetch(input, init) {
    const { authorizedFetch } = await seldom();
    return authorizedFetch((/** @type {object} */ detail) => this.#ask(/* AUTHORIZE */ 14, detail), this.#config.fetch, input, init);
  }

  logout(options) {
    return this.#ask(/* LOGOUT */ 8, options);
  }

  handleLogoutCallback(url = here()) {
    return this.#seldom(/* HANDLE_LOGOUT_CALLBACK */ 9, text(url));
  }

  userInfo() {
    return this.#seldom(/* USER_INFO */ 11);
  }

  grant(grantType, parameters, options) {
    return this.#seldom(/* GRANT */ 12, { grantType, parameters, adopt: options?.adopt });
  }

  revoke() {
    return this.#seldom(/* REVOKE */ 13);
  }

  on(event, listener) {
    /** @type {[string, (detail: any) => void]} */
    const entry = [event, listener];
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  close() {
    this.#listeners.clear();
    this.#closing.abort();
    return this.#ask(/* CLOSE */ 10);
  }
}

// Hosts without explicit resource management have no such symbol; their polyfills look for this one.
AuthClient.prototype[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")] = AuthClient.prototype.close;
