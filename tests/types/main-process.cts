// The main process of an Electron app in CommonJS. Compiled, never run.

import { AuthError, ElectronAuth } from "pixie-auth/electron/main";

export async function main(): Promise<void> {
  const auth = await ElectronAuth.create({ issuer: "https://login.example.com", clientId: "notes", origins: ["app://notes"] });
  await auth.signIn().catch((error: unknown) => {
    if (error instanceof AuthError && error.code === "timeout") console.log(error.retryable);
  });
}
