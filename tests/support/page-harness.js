// @ts-check
// Runs in the page: holds the client that a test drives from outside, and turns what comes of each call into plain
// data, because neither sessions nor errors survive the way from the browser to the test by themselves.

import * as pixie from "pixie-auth";

/** @param {any} session */
function plainSession(session) {
  return {
    accessToken: session.accessToken,
    tokenType: session.tokenType,
    expiresAt: session.expiresAt,
    scope: session.scope,
    idToken: session.idToken,
    claims: session.claims,
    refreshable: session.refreshable,
    hasOpenid: session.hasScope("openid"),
    hasNonsense: session.hasScope("openid", "nonsense"),
  };
}

/** @param {any} value @returns {any} */
function plain(value) {
  if (value instanceof Error) return plainError(value);
  if (value !== null && typeof value === "object") {
    if (typeof value.hasScope === "function") return plainSession(value);
    if ("session" in value && "appState" in value) return { session: plain(value.session), appState: value.appState };
    if ("error" in value) return { ...value, error: plain(value.error) };
  }
  return value;
}

/**
 * Everything that a logger could take from an error: the test searches it for secrets.
 * @param {any} error
 */
function surfaceOf(error) {
  const seen = [];
  for (let current = error, depth = 0; current !== null && current !== undefined && depth < 5; depth += 1) {
    const own = Object.getOwnPropertyNames(Object(current)).map((name) => `${name}=${String(current[name])}`);
    const inherited = [];
    for (const name in current) inherited.push(`${name}=${String(current[name])}`);
    seen.push(String(current), ...own, ...inherited, JSON.stringify(current) ?? "");
    current = current.cause;
  }
  return seen.join("\n");
}

/** @param {any} error */
function plainError(error) {
  return {
    isAuthError: error instanceof pixie.AuthError,
    isError: error instanceof Error,
    name: error?.name,
    code: error?.code,
    action: error?.action,
    retryable: error?.retryable,
    oauthError: error?.oauthError,
    oauthErrorDescription: error?.oauthErrorDescription,
    status: error?.status,
    message: String(error?.message ?? error),
    surface: surfaceOf(error),
  };
}

const harness = {
  pixie,
  /** @type {any} */
  client: null,
  /** @type {{ type: string, detail: any, at: number }[]} */
  events: [],
  /** Errors and rejections that nobody took. @type {string[]} */
  unhandled: [],

  /** @param {() => unknown} action */
  async outcome(action) {
    try {
      return { ok: true, value: plain(await action()) };
    } catch (error) {
      return { ok: false, error: plainError(error) };
    }
  },

  /** @param {any} config */
  create(config) {
    return harness.outcome(async () => {
      harness.client = await pixie.AuthClient.create(config);
      for (const type of ["signedIn", "refreshed", "refreshDelayed", "signedOut"]) {
        harness.client.on(type, (/** @type {any} */ detail) => {
          harness.events.push({ type, detail: plain(detail), at: Date.now() });
        });
      }
    });
  },

  /**
   * @param {string} method
   * @param {unknown[]} parameters
   */
  call(method, parameters) {
    return harness.outcome(() => harness.client[method](...parameters));
  },

  /**
   * Several calls, all under way before the first one ends.
   * @param {[method: string, ...parameters: unknown[]][]} calls
   */
  together(calls) {
    return Promise.all(calls.map(([method, ...parameters]) => harness.call(method, parameters)));
  },
};

globalThis.addEventListener("error", (event) => harness.unhandled.push(String(event.message)));
globalThis.addEventListener("unhandledrejection", (event) => harness.unhandled.push(String(event.reason)));
Object.assign(globalThis, { harness });
