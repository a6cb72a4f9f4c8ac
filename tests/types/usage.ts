// A program as a user would write it, in strict TypeScript. Compiled, never run.

import { AuthClient, AuthError, init } from "pixie-auth";
import type { AuthClientConfig, AuthErrorCode, AuthEvents, CallbackResult, LoginOptions, ServerMetadata, Session } from "pixie-auth";
import { codeChallenge, generatePkce, randomToken, verifyPkce } from "pixie-auth/pkce";
import type { PkcePair } from "pixie-auth/pkce";

const pair: PkcePair = generatePkce({ length: 64 });
const challenge: string = codeChallenge(pair.codeVerifier, "S256");
export const verified: boolean = verifyPkce(pair.codeVerifier, challenge, "plain");
export const token: string = randomToken(16);

const metadata: Partial<ServerMetadata> = { token_endpoint: "https://issuer.example/token" };
const config: AuthClientConfig = {
  issuer: "https://issuer.example",
  metadata,
  clientId: "spa",
  redirectUri: "https://app.example/callback",
  scope: "openid offline_access",
  resource: ["https://api.example"],
  storage: "local",
  autoRefresh: { leadTime: 30, jitter: 5 },
  clockTolerance: 5,
  par: "always",
  dpop: true,
  allowedOrigins: ["https://api.example"],
};
const options: LoginOptions = {
  prompt: "consent",
  loginHint: "alice",
  appState: { from: "/inbox" },
  extraParameters: { ui: "dark" },
};

export async function program(bytes: ArrayBuffer): Promise<string | null> {
  await init(bytes);
  await init(new URL("https://app.example/pixie_auth_bg.wasm"));
  await init(fetch("https://app.example/pixie_auth_bg.wasm"));

  const client = await AuthClient.create(config);
  const there: Session = await client.loginPopup({ ...options, signal: AbortSignal.timeout(60_000) });
  const known: Session = await client.loginSilent().catch(() => there);
  if (known.hasScope("openid")) await client.loginPopup();
  const stop: () => void = client.on("refreshDelayed", ({ error, attempt, retryAt }) => {
    const when: Date = new Date(retryAt);
    console.log(error.code, attempt + 1, when);
  });
  client.on("signedOut", (detail: AuthEvents["signedOut"]) => {
    if (detail.reason === "session_ended") console.log(detail.error?.oauthError);
  });

  await client.login(options);
  const { url, state } = await client.createLoginUrl({ scope: "openid" });
  console.log(url.length + state.length);

  const result: CallbackResult = await client.handleCallback(new URL("https://app.example/callback?code=1&state=2"));
  const session: Session = result.session;
  const expiresAt: number | null = session.expiresAt;
  const scopes: readonly string[] = session.scope;
  console.log(expiresAt, scopes, session.hasScope("openid", "email"), session.claims?.["sub"], session.refreshable);

  const kept: Session | null = await client.getSession();
  console.log(kept?.accessToken, client.metadata.token_endpoint, client.metadata["anything_else"]);
  client.startAutoRefresh();
  client.stopAutoRefresh();
  stop();

  const answer: Response = await client.fetch(new URL("https://api.example/notes"), { method: "POST", body: "note" });
  console.log(answer.status, (await client.fetch(new Request("https://api.example/"))).ok);

  const claims: Record<string, unknown> = await client.userInfo();
  const exchanged: Session = await client.grant("urn:ietf:params:oauth:grant-type:token-exchange", {
    subject_token: session.accessToken ?? "",
    audience: ["https://api.example", "https://logs.example"],
  });
  await client.grant("urn:ietf:params:oauth:grant-type:jwt-bearer", { assertion: "e.y.J" }, { adopt: true });
  await client.revoke();
  console.log(claims["email"], exchanged.scope);

  try {
    const mail: string = await client.getAccessToken({ resource: "https://mail.example", scope: "mail:read", minValidity: 60 });
    console.log(mail.length);
    return await client.getAccessToken({ minValidity: 60 });
  } catch (error) {
    if (error instanceof AuthError && describe(error.code)) return null;
    throw error;
  } finally {
    const { url: away } = await client.logout({ redirect: false });
    console.log(away?.length);
    await client.handleLogoutCallback("https://app.example/signed-out?state=1");
    await client.close();
  }
}

/** The codes are a union that a switch can be held to. */
function describe(code: AuthErrorCode): boolean {
  switch (code) {
    case "no_session":
    case "session_ended":
      return true;
    default:
      return false;
  }
}
