import type { AuthClientConfig, AuthEvents, AuthError, LoginOptions, ServerMetadata, Session } from "../index.js";
export { AuthError } from "../index.js";
export type { AuthErrorCode, AuthEvents, LoginOptions, Session } from "../index.js";

/**
 * The class of "pixie-auth" for a window of an Electron app. Its client is the main process's, one for all windows; access
 * tokens come into the window when they are asked for, the refresh token never. Needs the preload script
 * "pixie-auth/electron/preload", and the page's origin among `origins` in the main process: else it is `origin_not_allowed`.
 */
export class AuthClient {
  /**
   * Of the configuration only `fetch` is looked at: the rest is the main process's.
   *
   * Rejects with `invalid_config` where there is no preload script, `origin_not_allowed`, `client_closed` where the main process has
   * no `ElectronAuth`, and as `ElectronAuth.create`.
   */
  static create(config?: Partial<AuthClientConfig>): Promise<AuthClient>;
  readonly metadata: ServerMetadata;
  /** Signs in in the system's browser; the page stays. Resolves when the user is signed in, and rejects as `ElectronAuth.signIn`. */
  login(options?: LoginOptions): Promise<void>;
  /** The same, and gives the session. */
  loginPopup(options?: LoginOptions): Promise<Session>;
  getSession(): Promise<Session | null>;
  getAccessToken(options?: { minValidity?: number; resource?: string; scope?: string }): Promise<string>;
  refresh(): Promise<Session>;
  /** The main process's scheduler, which all windows share. */
  startAutoRefresh(): void;
  stopAutoRefresh(): void;
  /** fetch with the token, to the `allowedOrigins` of the main process's configuration. */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  userInfo(): Promise<Record<string, unknown>>;
  revoke(): Promise<void>;
  logout(options?: { local?: boolean; redirect?: boolean; postLogoutRedirectUri?: string }): Promise<{ url: string | null }>;
  on<E extends keyof AuthEvents>(event: E, listener: (detail: AuthEvents[E]) => void): () => void;
  /** This window asks no more. The session, and the other windows, stay. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;

  /** In the main process alone, on `ElectronAuth.client`: here these reject with `invalid_config`. */
  createLoginUrl(options?: LoginOptions): Promise<never>;
  loginSilent(options?: LoginOptions): Promise<never>;
  handleCallback(url?: string | URL): Promise<never>;
  handleLogoutCallback(url?: string | URL): Promise<never>;
  grant(grantType: string, parameters: Record<string, string | string[]>, options?: { adopt?: boolean }): Promise<never>;
}
