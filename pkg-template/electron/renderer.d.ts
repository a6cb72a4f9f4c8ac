import type { AuthEvents, AuthError, LoginOptions, ServerMetadata, Session } from "../index.js";
export { AuthError } from "../index.js";
export type { AuthErrorCode, AuthEvents, LoginOptions, Session } from "../index.js";

/**
 * The class of "pixie-auth" for a window of an Electron app. Its client is the main process's, one for all windows; access
 * tokens come into the window when they are asked for, the refresh token never. Needs the preload script
 * "pixie-auth/electron/preload", and the page's origin among `origins` in the main process: else it is `origin_not_allowed`.
 */
export class AuthClient {
  /** Rejects with `invalid_config` where there is no preload script, and with `origin_not_allowed`. */
  static create(config?: { fetch?: typeof fetch }): Promise<AuthClient>;
  readonly metadata: ServerMetadata;
  /** Signs in in the system's browser; the page stays. */
  login(options?: LoginOptions): Promise<void>;
  /** The same, and gives the session. */
  loginPopup(options?: LoginOptions): Promise<Session>;
  getSession(): Promise<Session | null>;
  getAccessToken(options?: { minValidity?: number; resource?: string; scope?: string }): Promise<string>;
  refresh(): Promise<Session>;
  /** fetch with the token, to the `allowedOrigins` of the main process's configuration. */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  userInfo(): Promise<Record<string, unknown>>;
  logout(options?: { local?: boolean; redirect?: boolean; postLogoutRedirectUri?: string }): Promise<{ url: string | null }>;
  on<E extends keyof AuthEvents>(event: E, listener: (detail: AuthEvents[E]) => void): () => void;
  /** This window asks no more. The session, and the other windows, stay. */
  close(): Promise<void>;
}
