// @ts-check
// What a page takes from oauth4webapi, which is a set of functions rather than a client.

const entry = (/** @type {string[]} */ ...names) => `export { ${names.join(", ")} } from "oauth4webapi"`;

const PKCE = ["generateRandomCodeVerifier", "calculatePKCECodeChallenge"];

export const OAUTH4WEBAPI_PKCE = entry(...PKCE);

/** Discovery, the code flow with PKCE, state and nonce, the ID token's claims, refresh, and telling the errors apart. */
export const OAUTH4WEBAPI_SIGN_IN = entry(
  "discoveryRequest",
  "processDiscoveryResponse",
  ...PKCE,
  "generateRandomState",
  "generateRandomNonce",
  "None",
  "validateAuthResponse",
  "authorizationCodeGrantRequest",
  "processAuthorizationCodeResponse",
  "getValidatedIdTokenClaims",
  "refreshTokenGrantRequest",
  "processRefreshTokenResponse",
  "AuthorizationResponseError",
  "ResponseBodyError",
);
