// A hybrid app as its user would write it, in strict TypeScript. Compiled, never run.

import { AuthClient } from "pixie-auth";
import { cordovaStore, secureStore, systemBrowser } from "pixie-auth/capacitor";
import type { AppPlugin, BrowserPlugin, SecureStoragePlugin, SystemBrowser } from "pixie-auth/capacitor";

interface Handle {
  remove(): Promise<void>;
}
// As the plugins declare themselves.
declare const App: {
  addListener(eventName: "appUrlOpen", listenerFunc: (event: { url: string; iosOpenInPlace?: boolean }) => void): Promise<Handle>;
  addListener(eventName: "pause", listenerFunc: () => void): Promise<Handle>;
  getLaunchUrl(): Promise<{ url: string } | undefined>;
};
declare const Browser: {
  open(options: { url: string; windowName?: string }): Promise<void>;
  close(): Promise<void>;
  addListener(eventName: "browserFinished" | "browserPageLoaded", listenerFunc: () => void): Promise<Handle>;
};
declare const SecureStorage: SecureStoragePlugin;
declare const cordova: any;

export async function program(): Promise<SystemBrowser> {
  const redirectUri = "com.example.notes:/callback";
  const client = await AuthClient.create({ issuer: "https://login.example.com", clientId: "notes", redirectUri, storage: secureStore(SecureStorage) });
  const app: AppPlugin = App;
  const browser: BrowserPlugin = Browser;
  const system = systemBrowser(client, { redirectUri, app, browser, timeout: 60, onRedirect: (url, one) => void one.handleCallback(url) });
  const { session, appState } = await system.signIn({ appState: "inbox" });
  console.log(session.scope, appState, system.handleRedirect(redirectUri));
  await AuthClient.create({ clientId: "notes", redirectUri, storage: cordovaStore(new cordova.plugins.SecureStorage()) });
  return system;
}
