// Programs for Electron as their users would write them, in strict TypeScript. Compiled, never run.

import { ElectronAuth, openLoopback } from "pixie-auth/electron/main";
import type { ElectronAuthConfig, Loopback } from "pixie-auth/electron/main";
import { AuthClient, AuthError } from "pixie-auth/electron/renderer";
import type { Session } from "pixie-auth/electron/renderer";

const config: ElectronAuthConfig = {
  issuer: "https://login.example.com",
  clientId: "notes",
  scope: "openid offline_access",
  origins: ["app://notes"],
  redirect: { path: "/callback", ports: [8250], page: ({ isRefused, appName }) => `${appName} ${isRefused}` },
  signInTimeout: 120,
};

export async function main(): Promise<string> {
  const auth = await ElectronAuth.create({ ...config, redirect: "com.example.notes:/callback", dangerouslyKeepTokensWithoutKeyring: true });
  const session = await auth.signIn({ prompt: "login", signal: AbortSignal.timeout(1000) });
  const taken: boolean = auth.handleRedirect("com.example.notes:/callback?code=c&state=s");
  const { url } = await auth.signOut({ redirect: false });
  const keeps: "keyring" | "memory" | "open file" = auth.keeps;
  await auth.close();
  return `${session.expiresAt} ${taken} ${url} ${keeps} ${await auth.client.getAccessToken()}`;
}

export async function byHand(client: { createLoginUrl(options: { redirectUri: string }): Promise<{ url: string; state: string }> }): Promise<string> {
  const loopback: Loopback = await openLoopback({ appName: "Notes" });
  const { state } = await client.createLoginUrl({ redirectUri: loopback.redirectUri });
  return loopback.redirect(state, { timeout: 60 }).finally(() => loopback.close());
}

export async function renderer(): Promise<Session | null> {
  await using client = await AuthClient.create();
  client.on("signedOut", ({ reason }) => console.log(reason));
  try {
    await client.login({ appState: 1 });
    const response: Response = await client.fetch("https://api.example.com/notes");
    console.log(response.status, client.metadata.issuer);
  } catch (error) {
    if (error instanceof AuthError && error.action === "retry") console.log(error.code);
  }
  return client.getSession();
}

export function misuse(): void {
  // @ts-expect-error: a custom scheme is a domain turned round
  void ElectronAuth.create({ clientId: "a", redirect: "notes" });
  // @ts-expect-error: the redirect URI is the kit's
  void ElectronAuth.create({ clientId: "a", redirectUri: "http://127.0.0.1/callback" });
  // @ts-expect-error: the tokens are kept where the kit keeps them
  void ElectronAuth.create({ clientId: "a", storage: "local" });
}
