// @ts-check
// What makes oidc-provider this server: a public client, PKCE, rotating refresh tokens, and nothing left at its default
// that the library would warn about.

import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { errors } from "oidc-provider";
import { claimsByScope, findAccount } from "./accounts.mjs";
import { createMemoryAdapter } from "./memory-adapter.mjs";
import { errorPage, logoutPage, signedOutPage } from "./pages.mjs";

/**
 * @param {import("./authorization-server.mjs").AuthorizationServerOptions} options
 * @param {number} port
 * @returns {any} oidc-provider has no types of its own
 */
export function providerConfiguration(options, port) {
  const {
    clients,
    accessTokenTtl = 60,
    refreshTokenTtl = 8 * 60 * 60,
    rotate = true,
    requireConsent = false,
    clockTolerance = 0,
    resources,
    dpopNonce = false,
  } = options;
  const allowedOrigins = new Map(clients.map((client) => [client.clientId ?? "pixie-auth-demo", originsOf(client)]));

  return {
    adapter: createMemoryAdapter(),
    clients: clients.map(clientMetadata),
    findAccount,
    claims: claimsByScope,
    scopes: ["openid", "offline_access", "profile", "email"],
    responseTypes: ["code"],
    clientAuthMethods: ["none"],
    clockTolerance,
    // The ID token then carries the scope's claims, as most servers in the field do, and not the userinfo endpoint alone.
    conformIdTokenClaims: false,

    jwks: { keys: signingKeys() },
    cookies: {
      keys: [randomBytes(32).toString("base64url")],
      // Cookies ignore ports: without the port in their names, two servers on one machine would sign each other out.
      names: {
        session: `pixie_session_${port}`,
        interaction: `pixie_interaction_${port}`,
        resume: `pixie_resume_${port}`,
      },
      long: { httpOnly: true, sameSite: "lax", signed: true },
      short: { httpOnly: true, sameSite: "lax", signed: true },
    },

    pkce: { required: () => true },
    rotateRefreshToken: rotate,
    // offline_access needs prompt=consent (OIDC Core §11); a first-party application is trusted with refreshing without.
    issueRefreshToken: async (/** @type {any} */ _context, /** @type {any} */ client) =>
      client.grantTypeAllowed("refresh_token"),
    loadExistingGrant: (/** @type {any} */ context) => loadGrant(context, { requireConsent }),

    clientBasedCORS: (/** @type {any} */ _context, /** @type {string} */ origin, /** @type {any} */ client) =>
      allowedOrigins.get(client.clientId)?.includes(origin) ?? false,

    ttl: {
      AccessToken: accessTokenTtl,
      AuthorizationCode: 60,
      Grant: refreshTokenTtl,
      IdToken: 60 * 60,
      Interaction: 60 * 60,
      RefreshToken: (/** @type {any} */ context) =>
        Math.max(1, context?.oidc?.entities.RotatedRefreshToken?.remainingTTL ?? refreshTokenTtl),
      Session: refreshTokenTtl,
    },

    interactions: {
      url: (/** @type {any} */ _context, /** @type {any} */ interaction) => `/interaction/${interaction.uid}`,
    },
    renderError: async (/** @type {any} */ context, /** @type {any} */ out) => {
      context.type = "html";
      context.body = errorPage({ error: out.error, description: out.error_description });
    },

    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      userinfo: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (/** @type {any} */ context, /** @type {string} */ form) => {
          const { IdTokenHint: hint, Client: client } = context.oidc.entities;
          context.type = "html";
          context.body = logoutPage({
            form,
            clientName: client?.clientName,
            submitsItself: hint !== undefined && hint.payload.sub === context.oidc.session.accountId,
          });
        },
        postLogoutSuccessSource: async (/** @type {any} */ context) => {
          context.type = "html";
          context.body = signedOutPage();
        },
      },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => dpopNonce },
      resourceIndicators: resources ? resourceIndicators(resources) : { enabled: false },
    },
  };
}

/** @param {import("./authorization-server.mjs").RegisteredClient} client */
function clientMetadata({ clientId, clientName, redirectUris, postLogoutRedirectUris, metadata }) {
  return {
    client_id: clientId ?? "pixie-auth-demo",
    client_name: clientName ?? "pixie-auth demo",
    redirect_uris: redirectUris,
    post_logout_redirect_uris: postLogoutRedirectUris ?? [],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
    ...metadata,
  };
}

/** @param {import("./authorization-server.mjs").RegisteredClient} client */
function originsOf({ redirectUris, allowedOrigins }) {
  return allowedOrigins ?? redirectUris.map((uri) => new URL(uri).origin);
}

/**
 * Without consent to ask for, what a client of our own requests is granted as it is requested.
 * @param {any} context
 * @param {{ requireConsent: boolean }} options
 */
async function loadGrant(context, { requireConsent }) {
  const { provider, client, session, result } = context.oidc;
  const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const existing = grantId ? await provider.Grant.find(grantId) : undefined;
  if (requireConsent) return existing;

  const grant = existing ?? new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  grant.addOIDCScope([...context.oidc.requestParamOIDCScopes].join(" "));
  for (const [indicator, resource] of Object.entries(context.oidc.resourceServers)) {
    const scopes = [...context.oidc.requestParamScopes].filter((scope) => resource.scopes.has(scope));
    if (scopes.length > 0) grant.addResourceScope(indicator, scopes.join(" "));
  }
  await grant.save();
  return grant;
}

/** @param {Record<string, { scope: string }>} resources */
function resourceIndicators(resources) {
  return {
    enabled: true,
    // A token is for one resource: where several are named, as at the sign-in, it is for the first.
    defaultResource: async (/** @type {any} */ _context, /** @type {any} */ _client, /** @type {string | string[]} */ oneOf) =>
      Array.isArray(oneOf) ? oneOf[0] : oneOf,
    getResourceServerInfo: async (/** @type {any} */ _context, /** @type {string} */ indicator) => {
      const resource = Object.hasOwn(resources, indicator) ? resources[indicator] : undefined;
      if (!resource) throw new errors.InvalidTarget();
      return { scope: resource.scope, audience: indicator };
    },
  };
}

/** Made anew at each start: nothing that this server signs is worth keeping. */
function signingKeys() {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
  const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
  return [
    { ...rsa, kid: randomUUID(), alg: "RS256", use: "sig" },
    { ...p256, kid: randomUUID(), alg: "ES256", use: "sig" },
  ];
}
