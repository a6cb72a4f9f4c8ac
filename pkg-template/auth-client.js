// @ts-check
// The class that programs see. Each method is one request to the module's client, by the numbers of
// src/bindings/client.rs, and gives a promise.
import { ask, deliver, open } from "pixie:glue";
import { readAppState, writeAppState } from "./app-state.js";
import { init, seldom } from "./load.js";

const here = () => globalThis.location?.href;
const text = (/** @type {unknown} */ url) => (url instanceof URL ? url.href : url);

/** The options of a login with `appState` as text, or as `false` where it cannot be kept. @param {any} options */
const keepable = (options) => (options?.appState === undefined ? options : { ...options, appState: writeAppState(options.appState) });

/** Kept to this file, so that nobody makes a client that was not opened. */
const KEY = {};

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

  /** The program's own. @type {typeof fetch | undefined} */
  #fetch;

  /** @param {object} key @param {typeof fetch} [fetch] */
  constructor(key, fetch) {
    if (key !== KEY) throw new TypeError("AuthClient.create makes clients");
    this.#fetch = fetch;
  }

  /** @param {any} config */
  static async create(config) {
    await init();
    if (config?.dpop) await seldom();
    const client = new AuthClient(KEY, config?.fetch);
    // A storage answers at once: while the client is being made, there is nobody to take the answer yet.
    const answered = async (/** @type {any} */ ...answer) => {
      if (!client.#client) await 0;
      deliver(client.#client, ...answer);
    };
    const opened = client.#call((caller) => (client.#client = open(config, client.#told(), answered, caller)));
    const discovered = await opened.catch((error) => {
      client.close();
      throw error;
    });
    const metadata = (client.metadata = Object.freeze({ ...discovered, ...config.metadata }));
    const isNamed = metadata.pushed_authorization_request_endpoint ?? metadata.require_pushed_authorization_requests;
    client.#mayPush = config.par ? config.par !== "never" : isNamed;
    // Without `allowInsecure` there would be no client.
    if (!globalThis.crypto?.subtle) console.warn("pixie-auth: no secure context: ID tokens are not verified");
    return client;
  }

  /** What the module calls. */
  #told() {
    return {
      settle: (/** @type {number} */ caller, /** @type {any} */ value, /** @type {boolean} */ failed) => {
        this.#callers.get(caller)?.[failed ? 1 : 0](value);
        this.#callers.delete(caller);
      },
      notify: (/** @type {string} */ event, /** @type {any} */ detail) => {
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
      },
    };
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

  /** Begins a login; where its request may be pushed, that is in the second module. @param {number} request @param {any} options */
  #begin(request, options) {
    return this.#mayPush ? this.#seldom(request, keepable(options)) : this.#ask(request, keepable(options));
  }

  login(options) {
    return this.#begin(/* LOGIN */ 0, options);
  }

  createLoginUrl(options) {
    return this.#begin(/* CREATE_LOGIN_URL */ 1, options);
  }

  handleCallback(url = here()) {
    return this.#ask(/* HANDLE_CALLBACK */ 2, text(url)).then(({ session, appState }) => ({
      session,
      appState: appState && readAppState(appState),
    }));
  }

  getSession() {
    return this.#ask(/* GET_SESSION */ 3);
  }

  getAccessToken(options) {
    return options?.resource ?? options?.scope
      ? this.#seldom(/* RESOURCE_TOKEN */ 15, options)
      : this.#ask(/* GET_ACCESS_TOKEN */ 4, options);
  }

  refresh() {
    return this.#ask(/* REFRESH */ 5);
  }

  startAutoRefresh() {
    ask(this.#client, 0, /* START_AUTO_REFRESH */ 6);
  }

  stopAutoRefresh() {
    ask(this.#client, 0, /* STOP_AUTO_REFRESH */ 7);
  }

  async fetch(input, init) {
    const { authorizedFetch } = await seldom();
    return authorizedFetch((/** @type {object} */ detail) => this.#ask(/* AUTHORIZE */ 14, detail), this.#fetch, input, init);
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
    return this.#ask(/* CLOSE */ 10);
  }
}

// Hosts without explicit resource management have no such symbol; their polyfills look for this one.
AuthClient.prototype[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")] = AuthClient.prototype.close;
