// @ts-check
// "pixie-auth/capacitor": what an AuthClient lacks in an app of Capacitor's or Cordova's: the system's browser, the URL that brings
// the user back, and a keychain. The plugins are the app's own; nothing is imported here.
import { AuthError } from "pixie:auth-error";
import { OutsideLogin } from "./outside-login.js";

export { AuthError };

/** Milliseconds for which a redirect may still be under way when the browser is closed: whichever is told of first. */
const ON_ITS_WAY = 1000;

/** @param {any} client an AuthClient @param {any} options */
export function systemBrowser(client, { redirectUri, postLogoutRedirectUri, app, browser, timeout, onRedirect }) {
  if (typeof redirectUri !== "string" || typeof browser?.open !== "function") {
    throw new AuthError("invalid_config", "fix_config", "an option is missing or wrong", typeof redirectUri === "string" ? "browser" : "redirectUri");
  }
  /** Some systems have no way to close it, and say so. */
  const dismiss = async () => {
    try {
      await browser.close?.();
    } catch {
      // Then the user does.
    }
  };
  const login = new OutsideLogin({ client, open: (url) => browser.open({ url }), redirectUri, postLogoutRedirectUri, timeout, onRedirect });
  let isOver = false;

  const handleRedirect = (/** @type {string} */ url) => {
    const isTaken = login.take(url);
    if (isTaken) void dismiss();
    return isTaken;
  };

  const closed = () => {
    const end = login.abandon();
    setTimeout(() => end(() => new AuthError("popup_closed", "sign_in", "the window was closed")), ON_ITS_WAY);
  };
  /** What ends each, once the plugin has given it. */
  const listening = Promise.allSettled([
    app?.addListener?.("appUrlOpen", (/** @type {{ url: string }} */ { url }) => void handleRedirect(url)),
    // On some systems nobody tells.
    browser.addListener?.("browserFinished", closed),
  ]);
  // The app may have been ended while the user was at the server: then the URL is what started it.
  Promise.resolve(app?.getLaunchUrl?.()).then((launch) => void (launch?.url && !isOver && handleRedirect(launch.url)), () => {});

  return {
    /** @param {any} [options] */
    async signIn(options) {
      try {
        return await login.signIn(options);
      } catch (error) {
        // Nobody stays at the server's page for a sign-in that is over.
        if (!login.isUnderWay) void dismiss();
        throw error;
      }
    },
    /** @param {any} [options] */
    signOut: (options) => login.signOut(options),
    handleRedirect,
    async close() {
      isOver = true;
      login.end();
      for (const { value: handle } of /** @type {any[]} */ (await listening)) await handle?.remove?.();
    },
  };
}

/**
 * A store over a plugin's calls. Many fail where there is nothing by that key: their list of keys says whether it is that, as
 * what else fails must not pass for a user who is signed out.
 * @param {{ get(key: string): Promise<any>, set(key: string, value: string): Promise<any>, remove(key: string): Promise<any>, keys?(): Promise<string[]> }} plugin
 */
const store = ({ get, set, remove, keys }) => {
  const unlessAbsent = async (/** @type {string} */ key, /** @type {Promise<any>} */ answer) => {
    try {
      return (await answer) ?? null;
    } catch (error) {
      // Where there is no list either, it is the failure that counts.
      if ((await keys?.().catch(() => undefined))?.includes(key) === false) return null;
      throw error;
    }
  };
  return {
    get: (/** @type {string} */ key) => unlessAbsent(key, get(key)),
    set: async (/** @type {string} */ key, /** @type {string} */ value) => void (await set(key, value)),
    remove: async (/** @type {string} */ key) => void (await unlessAbsent(key, remove(key))),
  };
};

/** Nothing more can be looked at: a plugin has every call that it is asked for, so which it is has to be said. @param {any} plugin */
function checkPlugin(plugin) {
  if (Object(plugin) !== plugin) throw new AuthError("invalid_config", "fix_config", "an option is missing or wrong", "storage");
}

/** @param {any} plugin */
export function secureStore(plugin) {
  checkPlugin(plugin);
  return store({
    get: async (key) => (await plugin.get({ key }))?.value,
    set: async (key, value) => plugin.set({ key, value }),
    remove: async (key) => plugin.remove({ key }),
    keys: async () => {
      const { keys, value } = await plugin.keys();
      return keys ?? value;
    },
  });
}

/** @param {any} plugin */
export function itemStore(plugin) {
  checkPlugin(plugin);
  return store({ get: async (key) => plugin.getItem(key), set: async (key, value) => plugin.setItem(key, value), remove: async (key) => plugin.removeItem(key) });
}

/** @param {any} storage */
export function cordovaStore(storage) {
  const asked = (/** @type {string} */ name, /** @type {unknown[]} */ ...values) => new Promise((resolve, reject) => storage[name](resolve, reject, ...values));
  return store({ get: (key) => asked("get", key), set: (key, value) => asked("set", key, value), remove: (key) => asked("remove", key), keys: () => asked("keys") });
}
