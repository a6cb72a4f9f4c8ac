// @ts-check
// A real authorization server (npm's oidc-provider) in this process, set up for a browser application that signs in by
// the authorization code flow with PKCE and refreshes by rotating refresh tokens.

import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import Provider from "oidc-provider";
import { testAccount } from "./accounts.mjs";
import { interactions } from "./interactions.mjs";
import { listenOnLoopback } from "./loopback-listener.mjs";
import { homePage } from "./pages.mjs";
import { providerConfiguration } from "./provider-configuration.mjs";
import { TokenRequestLog } from "./token-request-log.mjs";

/**
 * @typedef {object} RegisteredClient
 * @property {string} [clientId] Default "pixie-auth-demo".
 * @property {string} [clientName] What the sign-in page calls it.
 * @property {string[]} redirectUris
 * @property {string[]} [postLogoutRedirectUris]
 * @property {string[]} [allowedOrigins] Whose pages may read this client's answers (CORS). Default: those of `redirectUris`.
 * @property {Record<string, unknown>} [metadata] Further client metadata (RFC 7591 names) for oidc-provider.
 */

/**
 * @typedef {object} AuthorizationServerOptions
 * @property {RegisteredClient[]} clients
 * @property {string} [host] Default "localhost".
 * @property {number} [port] Default 0: any free port. A wanted port that is taken gives way to the next free one.
 * @property {number} [accessTokenTtl] Seconds, default 60.
 * @property {number} [refreshTokenTtl] Seconds from sign-in, default 8 hours; rotation does not prolong it.
 * @property {boolean} [rotate] Default true: each refresh token is good once, and using one again revokes its whole family.
 * @property {boolean} [requireConsent] Default false: the demo's client is this server's own.
 * @property {number} [tokenDelay] Milliseconds by which the token endpoint's answers are held back, after the work is done.
 * @property {number} [clockTolerance] Seconds for which this server takes expired tokens. Default 0: expired is expired.
 * @property {Record<string, { scope: string }>} [resources] RFC 8707: which resource indicators exist. Default: none, and the feature is off.
 * @property {boolean} [dpopNonce] RFC 9449 §8: proofs need a nonce of this server's. Default false. Without proofs tokens are anybody's.
 * @property {(request: import("./token-request-log.mjs").TokenRequest) => void} [onTokenRequest]
 * @property {(context: any, next: () => Promise<void>) => Promise<void>} [around] Koa middleware around the whole server.
 */

/**
 * @typedef {object} AuthorizationServer
 * @property {string} issuer
 * @property {{ username: string, password: string }} account
 * @property {Provider} provider
 * @property {TokenRequestLog} tokenRequests
 * @property {(milliseconds: number) => void} setTokenDelay
 * @property {() => Promise<void>} close
 */

const ASSETS = {
  "/assets/pages.css": "text/css; charset=utf-8",
  "/assets/submit-logout.js": "text/javascript; charset=utf-8",
  "/assets/mark.svg": "image/svg+xml",
};

/**
 * @param {AuthorizationServerOptions} options
 * @returns {Promise<AuthorizationServer>}
 */
export async function startAuthorizationServer(options) {
  const { host = "localhost", port = 0, onTokenRequest, around } = options;
  let { tokenDelay = 0 } = options;
  const tokenRequests = new TokenRequestLog(onTokenRequest);
  const assets = await loadAssets();
  const listener = await listenOnLoopback({ host, port });

  try {
    const issuer = listener.origin;
    const provider = new Provider(issuer, providerConfiguration(options, listener.port));

    // oidc-provider keeps its own failures to this event; unheard, they would be lost.
    provider.on("server_error", (_context, error) => console.error(error));

    if (around) provider.use(around);
    provider.use(pageSecurity(options.clients));
    provider.use(async (/** @type {any} */ context, next) => {
      const type = /** @type {Record<string, string>} */ (ASSETS)[context.path];
      if (type) {
        context.set("Content-Type", type);
        context.body = assets.get(context.path);
      } else if (context.path === "/") {
        context.type = "html";
        context.body = homePage({ issuer });
      } else {
        await next();
      }
    });
    provider.use(async (/** @type {any} */ context, next) => {
      await next();
      if (context.method !== "POST" || context.path !== "/token") return;
      const outcome = context.status === 200 ? "success" : (context.body?.error ?? `http_${context.status}`);
      tokenRequests.record(context.oidc?.params?.grant_type ?? "unknown", outcome);
      // The token is already rotated while its answer is under way: the hard case for a client.
      if (tokenDelay > 0) await delay(tokenDelay, undefined, { ref: false });
    });
    provider.use(interactions(provider));

    listener.serve(provider.callback());
    return {
      issuer,
      account: { ...testAccount },
      provider,
      tokenRequests,
      setTokenDelay: (milliseconds) => {
        tokenDelay = milliseconds;
      },
      close: () => listener.close(),
    };
  } catch (error) {
    await listener.close();
    throw error;
  }
}

/**
 * Headers for pages. oidc-provider adds the hashes of its own few inline scripts to the policy that it finds.
 * @param {RegisteredClient[]} clients
 */
function pageSecurity(clients) {
  // form-action also governs where the answer to a form may redirect to: signing in ends at a client's redirect URI.
  const targets = new Set(
    clients
      .flatMap((client) => [...client.redirectUris, ...(client.postLogoutRedirectUris ?? [])])
      .map((uri) => new URL(uri))
      // A native app's loopback redirect comes with whatever port was free (RFC 8252 §7.3).
      .map(({ origin, protocol, hostname, port }) => (origin === "null" ? protocol : hostname === "127.0.0.1" && !port ? `${origin}:*` : origin)),
  );
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `form-action ${["'self'", ...targets].join(" ")}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

  return async (/** @type {any} */ context, /** @type {() => Promise<void>} */ next) => {
    context.set("Content-Security-Policy", policy);
    context.set("Referrer-Policy", "no-referrer");
    context.set("X-Content-Type-Options", "nosniff");
    await next();
    // A redirect inside a hidden frame (prompt=none) shows no page of ours, and must not be refused as one.
    if (!context.response.is("html")) context.remove("Content-Security-Policy");
  };
}

async function loadAssets() {
  /** @type {Map<string, Buffer>} */
  const assets = new Map();
  for (const path of Object.keys(ASSETS)) {
    assets.set(path, await readFile(new URL(`.${path}`, import.meta.url)));
  }
  return assets;
}
