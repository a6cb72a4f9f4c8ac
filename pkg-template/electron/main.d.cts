// The program is CommonJS, in all of Electron's versions; the types that it shares with the other entries are a module's.
import type * as index from "../index.js" with { "resolution-mode": "import" };

type AuthClient = index.AuthClient;
type AuthError = index.AuthError;
type AuthClientConfig = index.AuthClientConfig;
type LoginOptions = index.LoginOptions;
type Session = index.Session;
declare const AuthError: typeof index.AuthError;

/** A listener on this machine for the redirect of one sign-in (RFC 8252 §7.3). */
export interface Loopback {
  /** `http://127.0.0.1:PORT/callback`: give it to `createLoginUrl` as `redirectUri`. */
  readonly redirectUri: string;
  /**
   * The URL that the browser is sent back to: the first whose `state` is the login's. It is for `handleCallback`.
   * Requests with another Host, path, method or state are turned away without a word; when the redirect is here the
   * browser is shown a page, and nobody listens any more. `timeout` is in seconds, 300 where not given.
   *
   * Rejects with `timeout` where the browser never comes back, and with `aborted`; nobody listens after that either.
   */
  redirect(state: string, options?: { timeout?: number; signal?: AbortSignal }): Promise<string>;
  /** Lets go of the port. To be called whatever came of the sign-in. */
  close(): void;
}

export interface LoopbackOptions {
  /** Default "/callback". */
  path?: string;
  /** For servers that compare redirect URIs with the port: the first of these that is free. Otherwise any. */
  ports?: number[];
  /** Who the page that the browser shows speaks for. */
  appName?: string;
  /** That page, as HTML. It is served without permission to load or run anything; inline styles are allowed. */
  page?: (outcome: { isRefused: boolean; appName: string }) => string;
}

/**
 * Listens on 127.0.0.1 and, where the machine has it, [::1], at one port.
 *
 * Rejects with `invalid_config` where none of the ports is free, and where the path is none.
 */
export function openLoopback(options?: LoopbackOptions): Promise<Loopback>;

export interface ElectronAuthConfig extends Omit<AuthClientConfig, "redirectUri" | "storage"> {
  /**
   * Where the system's browser is to come back to. "loopback": a port of this machine that is free (RFC 8252 §7.3), the default;
   * an object says more about it. Or a URI of the app's own scheme (§7.1), in small letters, such as "com.example.app:/callback".
   */
  redirect?: "loopback" | LoopbackOptions | `${string}.${string}:/${string}`;
  /** Origins whose pages may ask from their windows: "app://notes". Each call is looked at. Without any, no window may. */
  origins?: string[];
  /** Who the page that the browser shows speaks for. `app.name` where not given. */
  appName?: string;
  /** How long a person may take at the server, in seconds. 300 where not given. */
  signInTimeout?: number;
  /** Opens the system's browser. Electron's `shell.openExternal` where not given. */
  openExternal?: (url: string) => Promise<void>;
  /**
   * Takes a redirect by the app's scheme that no `signIn` waits for: one of a sign-in that was begun before the app was started
   * anew. Where not given it is handed to `client.handleCallback`, and the user is signed in (`signedIn` is raised) or nothing
   * happens; give your own to have its `appState`, or its error.
   */
  onRedirect?: (url: string, client: AuthClient) => void;
  /**
   * Writes the refresh token to a file that whoever reads it can use, where the system has no keyring to keep it with. Without
   * this, it is kept in memory there, and the user signs in again when the app was closed.
   */
  dangerouslyKeepTokensWithoutKeyring?: boolean;
}

/** One client in the main process for all windows of an app. */
export class ElectronAuth {
  /**
   * To be called once, as early as possible: with a scheme of the app's own, a second instance that the system starts hands its
   * URL to the first, and exits here.
   *
   * Rejects as `AuthClient.create` does.
   */
  static create(config: ElectronAuthConfig): Promise<ElectronAuth>;

  /** The client, with the tokens. It refreshes by itself, once however many windows there are, and when the machine wakes. */
  readonly client: AuthClient;
  /** Where the tokens are kept between two starts of the app. */
  readonly keeps: "keyring" | "memory" | "open file";

  /**
   * Signs in in the system's browser.
   *
   * Rejects with `invalid_config` where no port is free, `popup_blocked` where there is no browser, `timeout` where it does not
   * come back, `aborted` by the signal and by `close`, and as `handleCallback`.
   */
  signIn(options?: Omit<LoginOptions, "redirectUri">): Promise<Session>;
  /** Signs out here, and at the server, whose page the browser shows unless `redirect` is false. */
  signOut(options?: { local?: boolean; redirect?: boolean; postLogoutRedirectUri?: string }): Promise<{ url: string | null }>;
  /** Takes a redirect by the app's scheme that came by another way. Whether it was one. */
  handleRedirect(url: string): boolean;
  /** Lets go of windows, timers and secrets. What is stored stays. */
  close(): Promise<void>;
}

export { AuthError };
