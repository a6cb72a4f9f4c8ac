// @ts-check
// The same work by each of them: a token request, its answer read, and the answer's ID token verified, with keys that
// are there already. Runs in a page.
import { createRemoteJWKSet, customFetch, exportJWK, generateKeyPair, jwtVerify, SignJWT } from "jose";
export { microsecondsEach } from "./paced.js";

const ISSUER = "https://issuer.test";
const CLIENT = "bench";
const SUBJECT = "a-user-of-the-benchmark";
const ENDPOINT = `${ISSUER}/token`;
const HOURS = 3600 * 12;

const metadata = { authorization_endpoint: `${ISSUER}/authorize`, token_endpoint: ENDPOINT, jwks_uri: `${ISSUER}/jwks` };

const HEADERS = { "content-type": "application/json" };


/** A server's keys: the one that is looked for is not the first. @param {string} algorithm */
async function keysOf(algorithm) {
  const pairs = [];
  for (const kid of ["last-year", "this-year"]) {
    const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
    pairs.push({ privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, use: "sig", alg: algorithm } });
  }
  return { jwks: { keys: pairs.map(({ jwk }) => jwk) }, ...pairs[1], kid: "this-year" };
}

/**
 * @param {string} algorithm
 * @returns {Promise<{ contenders: Record<string, () => Promise<any>>, forge(): void }>} Each gives the claims; `forge`
 * makes every later signature a wrong one.
 */
export async function prepare(algorithm) {
  const { jwks, privateKey, publicKey, kid } = await keysOf(algorithm);
  const now = Math.floor(Date.now() / 1000);
  const token = await new SignJWT({ sid: "f3f0a2a1", email: "user@example.test", name: "A. User" })
    .setProtectedHeader({ alg: algorithm, kid, typ: "JWT" })
    .setIssuer(ISSUER)
    .setSubject(SUBJECT)
    .setAudience(CLIENT)
    .setIssuedAt(now)
    .setExpirationTime(now + HOURS)
    .sign(privateKey);
  const tokens = (/** @type {string} */ id_token) => JSON.stringify({ access_token: "an-access-token", token_type: "Bearer", expires_in: HOURS, id_token });
  let body = tokens(token);
  // As long, and nothing in it to verify.
  const bare = tokens(token).replace("id_token", "an_extra");
  const server = async (/** @type {string} */ url, /** @type {RequestInit=} */ init) =>
    new Response(url !== ENDPOINT ? JSON.stringify(jwks) : `${init?.body}`.includes("bare") ? bare : body, { headers: HEADERS });

  const { AuthClient } = await import(new URL("/pixie-auth/index.js", globalThis.location.href).href);
  const client = await AuthClient.create({ issuer: ISSUER, clientId: CLIENT, redirectUri: globalThis.location.href, storage: "memory", metadata, fetch: server });

  const asked = { issuer: ISSUER, audience: CLIENT, algorithms: [algorithm], requiredClaims: ["sub", "iat", "exp"] };
  const answer = async (/** @type {string} */ grant_type) => {
    const response = await server(ENDPOINT, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: `${new URLSearchParams({ grant_type, client_id: CLIENT })}`,
    });
    return JSON.parse(await response.text());
  };
  /** @param {any} keys */
  const byJose = (keys) => async () => (await jwtVerify((await answer("urn:example:bench")).id_token, keys, asked)).payload;

  const remote = createRemoteJWKSet(new URL(metadata.jwks_uri), { [customFetch]: server });

  const [head, payload, signature] = token.split(".");
  const data = new TextEncoder().encode(`${head}.${payload}`);
  const bytes = Uint8Array.from(atob(signature.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
  const parameters = { RS256: { name: "RSASSA-PKCS1-v1_5" }, ES256: { name: "ECDSA", hash: "SHA-256" } }[algorithm];
  return {
    contenders: {
      "pixie-auth": async () => (await client.grant("urn:example:bench", {})).claims,
      "pixie-auth, an answer without an ID token": async () => (await client.grant("urn:example:bare", {})).claims,
      "jose, its key at hand": byJose(publicKey),
      "jose, the server's set of keys": byJose(remote),
      "an answer without an ID token, read": async () => void (await answer("urn:example:bare")),
      "jwtVerify alone": async () => (await jwtVerify(JSON.parse(body).id_token, publicKey, asked)).payload,
      "crypto.subtle.verify alone": async () => {
        if (!(await crypto.subtle.verify(/** @type {any} */ (parameters), publicKey, bytes, data))) throw new Error("wrong");
        return { sub: SUBJECT };
      },
    },
    forge() {
      body = tokens(`${head}.${payload}.${signature.replace(/^./, (first) => (first === "A" ? "B" : "A"))}`);
      bytes[0] ^= 1;
    },
  };
}
