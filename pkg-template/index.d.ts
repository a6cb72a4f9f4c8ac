/// <reference lib="esnext.disposable" />
/**
 * pixie-auth: OAuth 2.0 / OpenID Connect sign-in.
 *
 * Times are seconds unless a name says otherwise; instants are milliseconds since the Unix epoch, as Date.now()
 * gives them. Every promise rejects with an {@link AuthError}.
 */

/**
 * Loads the WebAssembly module from somewhere else than this package's own copy: bytes, a compiled module, a
 * response or a URL. Not needed otherwise. The first load counts; a failed one (`wasm_load_failed`) may be tried again.
 */
export function init(source?: WebAssembly.Module | BufferSource | Response | URL | string | Promise<Response>): Promise<void>;

/** Sign-in with one authorization server. */
export class AuthClient implements AsyncDisposable {
  private constructor();

  /**
   * Reads the server's metadata, opens storage, adopts a stored session and, unless switched off, starts the refresh
   * scheduler.
   *
   * Rejects with `invalid_config`, `insecure_context`, `wasm_load_failed`, `discovery_failed`, `issuer_mismatch`,
   * `metadata_invalid`, `storage_unavailable`, `dpop_unavailable`, `network`, `timeout`.
   */
  static create(config: AuthClientConfig): Promise<AuthClient>;

  /** The server's metadata (RFC 8414 §2), and over them the configuration's. */
  readonly metadata: ServerMetadata;

  /**
   * Leaves the page for the authorization endpoint.
   *
   * Rejects with `invalid_config`, `aborted`, `storage_unavailable`, `storage_full`; where the request is pushed (`par`),
   * also with `authorization_failed`, `metadata_invalid`, `network`, `timeout`, `server_unavailable`, `rate_limited`.
   */
  login(options?: LoginOptions): Promise<void>;

  /**
   * Signs in in a popup; the page stays. To be called by the user's click itself, with nothing awaited before it, as the
   * browser else blocks the window. The redirect URI is to be of the page's origin; what lies there may call
   * `handleCallback` as after `login` (the promise then is not kept, and the window closes), or do nothing at all. The
   * code is spent here, once, and `signedIn` is raised. `appState` is dropped.
   *
   * A browser that parts the window from the page (Cross-Origin-Opener-Policy, the server's or the page's) does not say
   * whether it was closed: there `popup_closed` comes when somebody is back at the page, and if they finish in the
   * window after all, `signedIn` is raised all the same. `signal` is heeded until the redirect is here.
   *
   * Rejects with `popup_blocked`, `popup_closed`, `aborted`, `client_closed`, and what `login` and `handleCallback` reject
   * with.
   */
  loginPopup(options?: LoginOptions): Promise<Session>;

  /**
   * Signs in in a hidden frame with prompt=none, where the server knows the user and lets itself be asked in a frame;
   * the redirect URI must let this page frame it. Where the user has to do something it is `authorization_failed`, with
   * the server's word (`login_required`, …) in `oauthError`. That is also what servers say whose cookies the browser
   * withholds in frames of other sites.
   *
   * Rejects with `timeout` where the frame is not back within `requestTimeout`, and as `loginPopup` does.
   */
  loginSilent(options?: LoginOptions): Promise<Session>;

  /** The same request as a value, for hosts that open it themselves (Electron, Capacitor, a test). */
  createLoginUrl(options?: LoginOptions): Promise<{ url: string; state: string }>;

  /**
   * Takes the redirect (location.href where not given). Called twice with the same URL, it gives the same result
   * twice and spends the code once. After a failure that may go away (`error.retryable`) the same URL can be tried again.
   *
   * Rejects with `callback_invalid`, `callback_state_unknown`, `callback_issuer_missing`, `callback_issuer_mismatch`,
   * `authorization_failed`, `token_request_failed`, `token_response_invalid`, the `id_token_…` codes,
   * `storage_corrupt`, `network`, `timeout`, `server_unavailable`, `rate_limited`.
   */
  handleCallback(url?: string | URL): Promise<CallbackResult>;

  /** The session as it stands, or null. Never goes to the network. */
  getSession(): Promise<Session | null>;

  /**
   * A token good for at least `minValidity` seconds (default 0), refreshed first where it has to be.
   *
   * With `resource` (RFC 8707) or `scope` (words of what was granted), a token for these, besides the session's own,
   * and kept in memory until it runs out. Without `resource` it is for the configuration's. The sign-in has to have
   * asked for what a program will want: name all resources in the configuration. (A server may spend the refresh token
   * before it refuses, and the session with it.)
   *
   * Rejects with `no_session`, `session_ended`, `dpop_unavailable`, `no_refresh_token`, `storage_corrupt`, or what the
   * refresh ran into (`network`, `timeout`, `server_unavailable`, `rate_limited`: the session stands). What the server
   * refuses to give for a resource or a scope is `token_request_failed`, with its word in `oauthError`; the session is
   * none the worse for it.
   */
  getAccessToken(options?: { minValidity?: number; resource?: string; scope?: string }): Promise<string>;

  /**
   * fetch with the token, as `Authorization: Bearer` or, with `dpop`, as `DPoP` with a proof; only to `allowedOrigins`.
   * On a 401 the token is refreshed and the request sent again, once; with a new DPoP-Nonce it is sent again first, once.
   * Whatever comes back after that is the answer, untouched; a 401 is, too, where there is no refresh token. A body that
   * is a stream is sent once; strings, blobs, forms, buffers and Requests are sent again. Headers `Authorization` and
   * `DPoP` of the program's are replaced.
   *
   * Rejects with `origin_not_allowed`, `body_not_replayable`, what `getAccessToken` rejects with, the signal's reason, and
   * whatever fetch itself rejects with (a `TypeError` where there is no connection).
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;

  /** Refreshes now; whoever asks meanwhile shares the one request. */
  refresh(): Promise<Session>;

  /** Refreshes by itself before the access token expires. On after `create`, unless `autoRefresh` is false. */
  startAutoRefresh(): void;
  stopAutoRefresh(): void;

  /**
   * What the server says of the user (OIDC Core §5.3); the subject is checked against the ID token's. Refreshes first
   * where the token has run out, and once where the server refuses it.
   *
   * Rejects with `userinfo_subject_mismatch`, `token_request_failed` (the server refused), `metadata_invalid` (no such
   * endpoint, or its answer is no JSON object), or as `getAccessToken` does.
   */
  userInfo(): Promise<Record<string, unknown>>;

  /**
   * Any other grant at the token endpoint, with or without a session: RFC 8693 token exchange, RFC 7523 assertions. An
   * array repeats its parameter; `grant_type` and `client_id` cannot be overridden, and the configured `resource` goes
   * along where none is named. What comes of it replaces the session only with `adopt`, in every tab that shares it.
   *
   * Rejects with `invalid_config`, `token_request_failed`, `token_response_invalid`, the `id_token_…` codes, `network`,
   * `timeout`, `server_unavailable`, `rate_limited`; and where a logout has overtaken it, with `no_session`.
   */
  grant(grantType: string, parameters: Record<string, string | string[]>, options?: { adopt?: boolean }): Promise<Session>;

  /**
   * Revokes the refresh token, then the access token (RFC 7009), and ends the session in every tab. Where the server
   * could not be reached, the session stands, and it may be called again.
   *
   * Rejects with `no_session`, `session_ended`, `metadata_invalid` (no such endpoint), `token_request_failed`, `network`,
   * `timeout`, `server_unavailable`, `rate_limited`.
   */
  revoke(): Promise<void>;

  /**
   * Forgets the session in every tab, revokes its refresh token where the server can (without waiting for it), and ends
   * the server's session (OIDC RP-Initiated Logout) unless `local`: leaves the page for the server's logout unless
   * `redirect` is false. `url` is where the server ends its session, or null.
   */
  logout(options?: { local?: boolean; redirect?: boolean; postLogoutRedirectUri?: string }): Promise<{ url: string | null }>;

  /**
   * Back from the server's logout: rejects with `logout_state_mismatch` where state is missing or not the one that was
   * sent, and with `wasm_load_failed` where the part of the package that is loaded for it did not come.
   */
  handleLogoutCallback(url?: string | URL): Promise<void>;

  /** Adds a listener; the function given back removes it. */
  on<E extends keyof AuthEvents>(event: E, listener: (detail: AuthEvents[E]) => void): () => void;

  /** Stops timers, listeners and requests, and wipes secrets from memory. The stored session stays. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface AuthClientConfig {
  /** Discovery at /.well-known/openid-configuration, then RFC 8414; the document's issuer must equal it. */
  issuer?: string;
  /** Instead of discovery (where it names both endpoints), or over it. */
  metadata?: Partial<ServerMetadata>;
  clientId: string;
  redirectUri: string;
  postLogoutRedirectUri?: string;
  /** Default "openid". */
  scope?: string;
  /** RFC 8707. */
  resource?: string | string[];
  /** "session" where not given. With "memory", a login under way is kept in sessionStorage, the tokens are not. */
  storage?: "memory" | "session" | "local" | TokenStore;
  /** Seconds before expiry at which to refresh (default 60, at most a quarter of the lifetime), and seconds over which tabs and devices are spread before that. */
  autoRefresh?: boolean | { leadTime?: number; jitter?: number };
  /**
   * Binds the tokens to a key that never leaves the browser (RFC 9449, ES256). It is kept in IndexedDB: where that cannot
   * be, `create` rejects with `dpop_unavailable`, but for storage "memory". A session whose key is lost is over.
   */
  dpop?: boolean;
  /** Origins that `fetch` may send the token to, as "https://api.example". Default: the page's own. */
  allowedOrigins?: string[];
  /** Seconds by which the server's clock may differ. Default 5. */
  clockTolerance?: number;
  /** Seconds that one request to the server may take. Default 15. */
  requestTimeout?: number;
  /** RFC 9126. "auto", the default: where the server's metadata names the endpoint or requires it. */
  par?: "auto" | "always" | "never";
  /** "plain" only for servers without S256. */
  pkceMethod?: "S256" | "plain";
  /** Plain-http issuers other than loopback, and pages without crypto.subtle. */
  allowInsecure?: boolean;
  fetch?: typeof fetch;
}

export interface LoginOptions {
  scope?: string;
  prompt?: "none" | "login" | "consent" | "select_account";
  loginHint?: string;
  /** Seconds. */
  maxAge?: number;
  acrValues?: string;
  uiLocales?: string;
  /** Instead of the configuration's: a port that is free is known when it is taken (RFC 8252 §7.3). */
  redirectUri?: string;
  /** Given back by handleCallback; any structured-clonable value but for those that live in the page only (Blob, CryptoKey, …). */
  appState?: unknown;
  /** Anything else for the authorization endpoint. The protocol's own parameters cannot be overridden: they are left out of these. */
  extraParameters?: Record<string, string>;
  signal?: AbortSignal;
}

export interface CallbackResult {
  session: Session;
  appState: unknown;
}

export interface Session {
  readonly accessToken?: string;
  readonly tokenType: "Bearer" | "DPoP";
  /** By the local clock; null where the server gave no expires_in. */
  readonly expiresAt: number | null;
  /** What was granted, not what was asked. */
  readonly scope: readonly string[];
  hasScope(...scopes: string[]): boolean;
  readonly idToken?: string;
  readonly claims: Readonly<Record<string, unknown>> | null;
  readonly refreshable: boolean;
}

/** Each is raised in every tab that shares the session; a tab that heard nothing catches up when it is seen again. */
export interface AuthEvents {
  signedIn: Session;
  refreshed: Session;
  /** Another try is planned at `retryAt`; the session stands. */
  refreshDelayed: { error: AuthError; attempt: number; retryAt: number };
  /** The server ended it (`session_ended`), the user did (`logout`, in each of the user's tabs), or it ran out. */
  signedOut: { reason: "logout" | "session_ended" | "expired"; error?: AuthError };
}

/** Somewhere else to store: what it throws or rejects with makes `storage_unavailable` (a QuotaExceededError: `storage_full`). */
export interface TokenStore {
  get(key: string): string | null | Promise<string | null>;
  set(key: string, value: string): void | Promise<void>;
  remove(key: string): void | Promise<void>;
}

export interface ServerMetadata {
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  jwks_uri?: string;
  userinfo_endpoint?: string;
  revocation_endpoint?: string;
  end_session_endpoint?: string;
  pushed_authorization_request_endpoint?: string;
  [field: string]: unknown;
}

/** What the package throws. */
export class AuthError extends Error {
  constructor(code: AuthErrorCode, action: AuthError["action"], message: string, oauthError?: string, oauthErrorDescription?: string, status?: number);
  readonly code: AuthErrorCode;
  /** What the program should do about it. */
  readonly action: "retry" | "sign_in" | "fix_config" | "report";
  /** Whether the same call may succeed later by itself. */
  readonly retryable: boolean;
  /** RFC 6749 §4.1.2.1 and §5.2: the server's own words, where it gave any. */
  readonly oauthError?: string;
  readonly oauthErrorDescription?: string;
  readonly status?: number;
}

/** The strings are public and stable. An error never carries a token, a code, a verifier or a response body. */
export type AuthErrorCode =
  | "invalid_config"
  | "invalid_code_verifier"
  | "insecure_context"
  | "wasm_load_failed"
  | "client_closed"
  | "discovery_failed"
  | "issuer_mismatch"
  | "metadata_invalid"
  | "callback_state_unknown"
  | "callback_issuer_mismatch"
  | "callback_issuer_missing"
  | "callback_invalid"
  | "authorization_failed"
  | "popup_blocked"
  | "popup_closed"
  | "timeout"
  | "aborted"
  | "token_request_failed"
  | "token_response_invalid"
  | "no_session"
  | "no_refresh_token"
  | "session_ended"
  | "id_token_malformed"
  | "id_token_algorithm"
  | "id_token_signature"
  | "id_token_key_not_found"
  | "id_token_issuer"
  | "id_token_audience"
  | "id_token_authorized_party"
  | "id_token_expired"
  | "id_token_issued_at"
  | "id_token_nonce"
  | "id_token_subject"
  | "id_token_auth_time"
  | "id_token_hash"
  | "id_token_missing"
  | "userinfo_subject_mismatch"
  | "network"
  | "server_unavailable"
  | "rate_limited"
  | "storage_unavailable"
  | "storage_corrupt"
  | "storage_full"
  | "dpop_unavailable"
  | "origin_not_allowed"
  | "body_not_replayable"
  | "logout_state_mismatch";
