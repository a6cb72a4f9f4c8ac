// @ts-check
// The page of a hybrid app, with docs/hybrid.md's code in it: one classic script that a bundler made, as file:// and old WebViews need it, over plugins whose native
// half is the test.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { build } from "esbuild";

import { guide } from "./guide.mjs";
import { projectWithPackage } from "./packed-package.mjs";

export const REDIRECT = "com.example.notes:/callback";
export const LOGGED_OUT = "com.example.notes:/logged-out";

/** The plugins' halves in the page. As @capacitor/app, @capacitor/browser and capacitor-secure-storage-plugin answer. @type {Record<string, string>} */
const PLUGINS = {
  "@capacitor/app": `
    import { addListener, native, registerPlugin } from "../../../events.js";
    export const App = registerPlugin({ addListener, getLaunchUrl: async () => (await native("launchUrl")) ?? undefined });`,
  "@capacitor/browser": `
    import { addListener, native, registerPlugin } from "../../../events.js";
    export const Browser = registerPlugin({ addListener, open: ({ url }) => native("open", url), close: () => native("close") });`,
  "capacitor-secure-storage-plugin": `
    import { native, registerPlugin } from "../../events.js";
    const absent = () => { throw new Error("Item with given key does not exist"); };
    export const SecureStoragePlugin = registerPlugin({
      get: async ({ key }) => ({ value: (await native("get", key)) ?? absent() }),
      set: async ({ key, value }) => ({ value: await native("set", key, value) }),
      remove: async ({ key }) => ({ value: (await native("remove", key)) || absent() }),
      keys: async () => ({ value: await native("keys") }),
    });`,
};

const EVENTS = `
// A plugin has whatever it is asked for; what is not there fails when it is called.
export const registerPlugin = (calls) => new Proxy({}, { get: (_, name) => async (...values) => {
  if (!Object.hasOwn(calls, name)) throw Object.assign(new Error("not implemented"), { code: "UNIMPLEMENTED" });
  return calls[name](...values);
} });
export const native = (...call) => globalThis.callNative(...call);
const listeners = {};
export const addListener = async (name, listener) => ((listeners[name] = listener), { remove: async () => void delete listeners[name] });
globalThis.fire = (name, event) => listeners[name]?.(event);
`;

const PROGRAM = `
import { codeChallenge, generatePkce, verifyPkce } from "pixie-auth/pkce";
import { openAuth } from "./auth.js";

globalThis.told = [];
globalThis.pair = () => {
  const { codeVerifier, codeChallenge: challenge } = generatePkce();
  return { challenge, same: codeChallenge(codeVerifier) === challenge, verified: verifyPkce(codeVerifier, challenge), subtle: typeof crypto.subtle, origin: location.origin };
};
globalThis.start = async (config) => {
  globalThis.config = config;
  Object.assign(globalThis, await openAuth());
  client.on("signedIn", ({ claims }) => told.push(["signedIn", claims?.sub]));
};
`;

/** The guide's auth.js, but for who the server is. */
async function authOfTheGuide() {
  const { "auth.js": text } = (await guide("hybrid.md")).files;
  const issuer = 'issuer: "https://login.example.com"';
  if (!text?.includes(issuer)) throw new Error("docs/hybrid.md has no auth.js with an issuer");
  return text.replace(issuer, "...globalThis.config");
}

/**
 * A folder with index.html and app.js.
 * @param {import("node:test").TestContext} t
 */
export async function hybridApp(t) {
  const plugins = Object.fromEntries(Object.entries(PLUGINS).map(([name, text]) => [`node_modules/${name}/index.js`, text]));
  const project = await projectWithPackage({ "program.js": PROGRAM, "events.js": EVENTS, "auth.js": await authOfTheGuide(), ...plugins });
  t.after(() => project.remove());
  const folder = join(project.path, "www");
  await mkdir(folder);
  await build({ entryPoints: [join(project.path, "program.js")], bundle: true, format: "iife", outfile: join(folder, "app.js"), charset: "utf8", logLevel: "error" });
  await writeFile(join(folder, "index.html"), `<!doctype html><meta charset="utf-8"><title>Notes</title><script src="app.js"></script>`);
  return folder;
}

/**
 * The device: what the plugins ask of it.
 * @param {import("playwright-core").Page} page before it is opened
 */
export async function device(page) {
  /** @type {Map<string, string>} */
  const keychain = new Map();
  /** @type {string[]} */
  const opened = [];
  const state = {
    keychain,
    closed: 0,
    /** @type {string | null} */
    launchUrl: null,
    /** The next URL that the system's browser is to show. @returns {Promise<string>} */
    async opens() {
      for (;;) {
        const url = opened.shift();
        if (url) return url;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
  /** @type {Record<string, (...values: string[]) => unknown>} */
  const calls = {
    launchUrl: () => state.launchUrl && { url: state.launchUrl },
    open: (url) => void opened.push(url),
    close: () => void (state.closed += 1),
    get: (key) => keychain.get(key) ?? null,
    set: (key, value) => (keychain.set(key, value), true),
    remove: (key) => keychain.delete(key),
    keys: () => [...keychain.keys()],
  };
  await page.exposeFunction("callNative", (/** @type {string} */ name, /** @type {string[]} */ ...values) => calls[name](...values));
  return state;
}
