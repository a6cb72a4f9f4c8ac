// @ts-check
// Sign-in in a browser that is none of the program's own (RFC 8252 §4): opened from here, and back by a redirect that reaches the
// program as a URL.
import { AuthError } from "pixie:auth-error";
import { awaited } from "./patience.js";

/**
 * What takes the redirect of one sign-in, where the program's own URI does not.
 * @typedef {object} Listener
 * @property {string} redirectUri
 * @property {(state: string, waiting: { timeout?: number, signal: AbortSignal }) => Promise<string>} redirect
 * @property {() => void} close
 */

/** @typedef {{ take(url: string): void, fail(error: Error): void }} Waiting */

/** Whether a URL leads to a URI of the program's, which Windows gives a slash where it has no path. @param {string | undefined} uri @param {string} url */
export function isAt(uri, url) {
  const [path] = url.split(/[?#]/, 1);
  return !!uri && (path === uri || (path === `${uri}/` && /^[^/]+:\/\/[^/]+$/.test(uri)));
}

/** @param {string} url */
const parametersOf = (url) => new URLSearchParams(url.split("#", 1)[0].split("?")[1]);

export class OutsideLogin {
  #client;
  #open;
  #redirectUri;
  #postLogoutRedirectUri;
  #timeout;
  #onRedirect;
  /** Who waits for a redirect, by the login's state; and the states that nobody waits for any more. @type {Map<string, Waiting | null>} */
  #awaited = new Map();
  /** What ends those that are under way. @type {Set<() => void>} */
  #underWay = new Set();

  /**
   * @param {object} parts
   * @param {any} parts.client an AuthClient
   * @param {(url: string) => unknown} parts.open shows it in the browser
   * @param {string} [parts.redirectUri] the program's own
   * @param {string} [parts.postLogoutRedirectUri] the program's own, and maybe the same
   * @param {number} [parts.timeout] seconds
   * @param {(url: string, client: any) => unknown} [parts.onRedirect] takes that of a sign-in that was not begun here
   */
  constructor({ client, open, redirectUri, postLogoutRedirectUri, timeout, onRedirect }) {
    this.#client = client;
    this.#open = open;
    this.#redirectUri = redirectUri;
    this.#postLogoutRedirectUri = postLogoutRedirectUri;
    this.#timeout = timeout;
    // A login that was begun before the program was started anew: the store knows it, and who listens is told.
    this.#onRedirect = onRedirect ?? ((url) => client.handleCallback(url).catch(() => {}));
  }

  /**
   * @param {any} [options] as those of `AuthClient.login`
   * @param {() => Promise<Listener>} [listen]
   * @returns {Promise<any>} what `handleCallback` gives
   */
  async signIn({ signal, redirectUri: _, ...options } = /** @type {any} */ ({}), listen) {
    const over = new AbortController();
    const end = () => over.abort();
    this.#underWay.add(end);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
    /** @type {Listener | undefined} */
    let listener;
    try {
      listener = await listen?.();
      const { url, state } = await this.#client.createLoginUrl({ ...options, redirectUri: listener?.redirectUri });
      const waiting = { timeout: this.#timeout, signal: over.signal };
      const redirect = listener ? listener.redirect(state, waiting) : this.#redirect(state, waiting);
      // Who ended it meanwhile wants no browser.
      if (over.signal.aborted) await redirect;
      // Some open it and say so when it is closed again.
      const back = await Promise.race([redirect, this.#show(url).then(() => redirect)]);
      return await this.#client.handleCallback(back);
    } finally {
      // Whatever came of it, nobody waits any more.
      end();
      this.#underWay.delete(end);
      signal?.removeEventListener("abort", end);
      listener?.close();
    }
  }

  /** Shows a page of the server's. @param {string} url */
  async #show(url) {
    try {
      await this.#open(url);
    } catch (cause) {
      throw Object.assign(new AuthError("popup_blocked", "sign_in", "the browser did not open the window"), { cause });
    }
  }

  /** Signs out, here and at the server, whose page the browser shows. @param {any} [options] as those of `AuthClient.logout` */
  async signOut(options) {
    const { url } = await this.#client.logout({ postLogoutRedirectUri: this.#postLogoutRedirectUri, ...options, redirect: false });
    if (url && options?.redirect !== false) await this.#show(url);
    return { url };
  }

  /** Takes a redirect to a URI of the program's own. @param {string} url @returns {boolean} whether it was one */
  take(url) {
    const parameters = parametersOf(url);
    if (isAt(this.#redirectUri, url) && (parameters.has("code") || parameters.has("error") || !isAt(this.#postLogoutRedirectUri, url))) {
      const waiting = this.#awaited.get(parameters.get("state") ?? "");
      waiting?.take(url);
      // One that was begun here and given up stays so, however late the user is.
      if (waiting === undefined) this.#onRedirect(url, this.#client);
      return true;
    }
    if (!isAt(this.#postLogoutRedirectUri, url)) return false;
    // Back from the server's page, of which the session does not depend any more.
    this.#client.handleLogoutCallback(url).catch(() => {});
    return true;
  }

  /** Ends the waiting of those who wait now, unless they are back by then. @returns {(error: () => Error) => void} */
  abandon() {
    const before = [...this.#awaited.values()];
    return (error) => {
      for (const waiting of this.#awaited.values()) if (before.includes(waiting)) waiting?.fail(error());
    };
  }

  get isUnderWay() {
    return this.#underWay.size > 0;
  }

  /** Ends all that are under way. */
  end() {
    for (const end of this.#underWay) end();
  }

  /** @param {string} state @param {{ timeout?: number, signal: AbortSignal }} options @returns {Promise<string>} */
  #redirect(state, options) {
    return awaited(
      options,
      (back, resolve, fail) => void this.#awaited.set(state, { take: (url) => back(() => resolve(url)), fail }),
      () => void this.#awaited.set(state, null),
    );
  }
}
