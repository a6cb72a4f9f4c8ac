// @ts-check
// An authorization server in the page: honest about PKCE and rotation, reached by the `fetch` that it hands out.

const ISSUER = "https://as.example";
const encode = (/** @type {unknown} */ value) => base64url(new TextEncoder().encode(JSON.stringify(value)));
const base64url = (/** @type {Uint8Array} */ bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const json = (/** @type {unknown} */ body, status = 200) => new Response(JSON.stringify(body), { status });

/** One pair for all servers of the page. */
const keys = crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);

async function signed(/** @type {unknown} */ claims) {
  const signedPart = `${encode({ alg: "ES256", kid: "1" })}.${encode(claims)}`;
  const { privateKey } = await keys;
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, new TextEncoder().encode(signedPart));
  return `${signedPart}.${base64url(new Uint8Array(signature))}`;
}

export class AuthorizationServer {
  #logins = new Map();
  #refreshToken = "";
  #issued = 0;
  /** Seconds that an access token lives. */
  lifetime = 3600;
  /** @type {string[]} */
  requests = [];
  /** Takes the place of the next answer. @type {(() => Promise<Response>) | undefined} */
  next;

  /** @param {number} lifetime */
  setLifetime(lifetime) {
    this.lifetime = lifetime;
  }

  /** The next request finds no connection. */
  failOnce() {
    this.next = async () => {
      throw new TypeError("Failed to fetch");
    };
  }

  seen() {
    return this.requests;
  }

  /** For the configuration. */
  fetch() {
    return async (/** @type {string} */ url, /** @type {RequestInit} */ init) => {
      const form = new URLSearchParams(String(init.body ?? ""));
      this.requests.push(form.get("grant_type") ?? new URL(url).pathname);
      const next = this.next;
      this.next = undefined;
      if (next) return next();
      if (url === `${ISSUER}/.well-known/openid-configuration`) return json(this.#metadata());
      if (url === `${ISSUER}/keys`) {
        const key = await crypto.subtle.exportKey("jwk", (await keys).publicKey);
        return json({ keys: [{ ...key, kid: "1", use: "sig", key_ops: undefined }] });
      }
      if (url !== `${ISSUER}/token` || init.method !== "POST") return new Response("not found", { status: 404 });
      return form.get("grant_type") === "authorization_code" ? this.#exchange(form) : this.#refresh(form);
    };
  }

  /** The user signs in: the redirect of an authorization request. @param {string} url */
  authorize(url) {
    const request = new URL(url).searchParams;
    const code = `code-${this.#logins.size + 1}`;
    this.#logins.set(code, request);
    const redirect = new URL(/** @type {string} */ (request.get("redirect_uri")));
    redirect.search = String(new URLSearchParams({ code, state: /** @type {string} */ (request.get("state")), iss: ISSUER }));
    return redirect.href;
  }

  #metadata() {
    return {
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      jwks_uri: `${ISSUER}/keys`,
      end_session_endpoint: `${ISSUER}/logout`,
    };
  }

  async #exchange(/** @type {URLSearchParams} */ form) {
    const request = this.#logins.get(form.get("code"));
    this.#logins.delete(form.get("code"));
    const verifier = new TextEncoder().encode(form.get("code_verifier") ?? "");
    const challenge = base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", verifier)));
    if (request?.get("code_challenge") !== challenge || request.get("redirect_uri") !== form.get("redirect_uri"))
      return json({ error: "invalid_grant" }, 400);
    return this.#tokens(request.get("nonce"));
  }

  #refresh(/** @type {URLSearchParams} */ form) {
    if (form.get("refresh_token") !== this.#refreshToken) return json({ error: "invalid_grant" }, 400);
    return this.#tokens();
  }

  async #tokens(/** @type {string=} */ nonce) {
    const count = ++this.#issued;
    this.#refreshToken = `refresh-${count}`;
    const iat = Math.floor(Date.now() / 1000);
    const claims = { iss: ISSUER, sub: "ada", aud: "notes-spa", iat, exp: iat + 3600, nonce, name: "Ada Lovelace – ℵ" };
    return json({
      access_token: `access-${count}`,
      token_type: "Bearer",
      expires_in: this.lifetime,
      refresh_token: this.#refreshToken,
      id_token: await signed(claims),
    });
  }
}
