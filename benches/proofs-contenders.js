// @ts-check
// The same work by each of them: a request of the program's, with an access token and a proof. Runs in a page.
import { customFetch, DPoP, protectedResourceRequest } from "oauth4webapi";
export { microsecondsEach } from "./paced.js";

const ISSUER = "https://issuer.test";
const API = "https://api.test";
/** The request's URL in its proof: without the query. */
export const HTU = `${API}/notes/7`;
const RESOURCE = `${HTU}?full`;
export const TOKEN = "an-access-token-of-about-the-length-that-opaque-tokens-have-in-the-field-0123456789";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/**
 * @returns {Promise<{ contenders: Record<string, () => Promise<unknown>>, sent(): string | undefined }>} `sent` gives
 * the proof that was sent last.
 */
export async function prepare() {
  /** @type {HeadersInit | undefined} */
  let carried;
  // One for all: nobody reads its body.
  const answer = new Response(null, { status: 204 });
  const resource = async (/** @type {unknown} */ _url, /** @type {RequestInit} */ { headers }) => {
    carried = headers;
    return answer;
  };
  const tokens = JSON.stringify({ access_token: TOKEN, token_type: "DPoP", expires_in: 3600 * 12 });

  const { AuthClient } = await import(new URL("/pixie-auth/index.js", globalThis.location.href).href);
  const client = await AuthClient.create({
    issuer: ISSUER,
    clientId: "bench",
    redirectUri: globalThis.location.href,
    storage: "memory",
    dpop: true,
    allowedOrigins: [API],
    metadata: { authorization_endpoint: `${ISSUER}/authorize`, token_endpoint: `${ISSUER}/token` },
    fetch: async (/** @type {string} */ url, /** @type {RequestInit} */ init) => (url === `${ISSUER}/token` ? new Response(tokens) : resource(url, init)),
  });
  await client.grant("urn:example:bench", {}, { adopt: true });

  const pair = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]));
  const handle = DPoP({ client_id: "bench" }, pair);
  const options = { DPoP: handle, [customFetch]: resource };
  const data = crypto.getRandomValues(new Uint8Array(430));
  return {
    contenders: {
      "pixie-auth": () => client.fetch(RESOURCE),
      oauth4webapi: () => protectedResourceRequest(TOKEN, "GET", new URL(RESOURCE), undefined, undefined, options),
      "crypto.subtle.sign alone": () => crypto.subtle.sign(ALGORITHM, pair.privateKey, data),
    },
    sent: () => new Headers(carried).get("DPoP") ?? undefined,
  };
}
