import type { AuthClient, CallbackResult, LoginOptions, TokenStore } from "./index.js";
export { AuthError } from "./index.js";

/** As much of `@capacitor/app` as is used. */
export interface AppPlugin {
  addListener(event: "appUrlOpen", listener: (event: { url: string }) => void): unknown;
  getLaunchUrl?(): Promise<{ url: string } | undefined>;
}

/** As much of `@capacitor/browser` as is used. For another: `{ open: ({ url }) => cordova.InAppBrowser.open(url, "_system") }`. */
export interface BrowserPlugin {
  open(options: { url: string }): unknown;
  close?(): unknown;
  addListener?(event: "browserFinished", listener: () => void): unknown;
}

export interface SystemBrowserOptions {
  /** The client's: a scheme of the app's own (RFC 8252 §7.1), or a link that the system opens the app for (§7.2). */
  redirectUri: string;
  /** The client's, if the server sends the user back after a logout. */
  postLogoutRedirectUri?: string;
  browser: BrowserPlugin;
  /** Without it, hand each URL that opens the app to `handleRedirect`: `window.handleOpenURL` of Cordova's. */
  app?: AppPlugin;
  /** How long a person may take at the server, in seconds. 300 where not given. */
  timeout?: number;
  /**
   * Takes a redirect that no `signIn` waits for, as the system ended the app while the user was at the server. Where not given it
   * is handed to `client.handleCallback`, and the user is signed in (`signedIn` is raised) or nothing happens; give your own to
   * have its `appState`, or its error.
   */
  onRedirect?: (url: string, client: AuthClient) => void;
}

export interface SystemBrowser {
  /**
   * Signs in in the system's browser (RFC 8252 §4), which is closed when the user is back.
   *
   * Rejects with `popup_blocked` where there is no browser, `popup_closed` where the user closed it, `timeout`, `aborted` by the signal
   * and by `close`, and as `handleCallback`.
   */
  signIn(options?: Omit<LoginOptions, "redirectUri">): Promise<CallbackResult>;
  /** Signs out here, and at the server, whose page the browser shows unless `redirect` is false. */
  signOut(options?: { local?: boolean; redirect?: boolean; postLogoutRedirectUri?: string }): Promise<{ url: string | null }>;
  /** Takes a URL that the app was opened for. Whether it was one of this client's. */
  handleRedirect(url: string): boolean;
  /** Stops listening to the plugins. The client, and its session, stay. */
  close(): Promise<void>;
}

/**
 * The system's browser for a client. Make it as early as possible: a URL that started the app is taken here.
 *
 * Throws `invalid_config`.
 */
export function systemBrowser(client: AuthClient, options: SystemBrowserOptions): SystemBrowser;

/** As much of `capacitor-secure-storage-plugin` as is used. One that rejects where there is nothing must have `keys`. */
export interface SecureStoragePlugin {
  get(options: { key: string }): Promise<{ value: string | null }>;
  set(options: { key: string; value: string }): Promise<unknown>;
  remove(options: { key: string }): Promise<unknown>;
  keys?(): Promise<{ value: string[] } | { keys: string[] }>;
}

/** The system's keychain as the client's `storage`: `capacitor-secure-storage-plugin` and its like. Throws `invalid_config`. */
export function secureStore(plugin: SecureStoragePlugin): TokenStore;

/** The same with `@aparajita/capacitor-secure-storage`, and whatever has its calls. */
export function itemStore(plugin: {
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string): Promise<unknown>;
  removeItem(key: string): Promise<unknown>;
}): TokenStore;

/** The same with `cordova-plugin-secure-storage`: an opened `new cordova.plugins.SecureStorage(…)`. */
export function cordovaStore(storage: {
  get(success: (value: string) => void, failure: (error: any) => void, key: string): void;
  set(success: (key: string) => void, failure: (error: any) => void, key: string, value: string): void;
  remove(success: (key: string) => void, failure: (error: any) => void, key: string): void;
  keys(success: (keys: string[]) => void, failure: (error: any) => void): void;
}): TokenStore;
