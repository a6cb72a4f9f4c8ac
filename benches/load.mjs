// @ts-check
// From import to first use, in a Chromium that has not seen the script before: a fresh profile each time.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/paths.mjs";
import { table } from "../scripts/size/table.mjs";
import { launch, script, serve } from "./browser.mjs";
import { bundle, versioned } from "./bundles.mjs";
import { OAUTH4WEBAPI_SIGN_IN } from "./oauth4webapi.mjs";
import { inTurns, spread } from "./rounds.mjs";

export const title = "From import to first use, cold, in milliseconds";

const ROUNDS = 12;

const packaged = (/** @type {string} */ name) => readFileSync(join(root, "pkg", name));

/**
 * Ours as they ship; a peer as the bundle of what signing in takes. `use` runs in the page.
 * @type {Record<string, { path: string, what: string, use: (module: any) => unknown }>}
 */
const CONTENDERS = {
  "pixie-auth": { path: "/pixie-auth/index.js", what: "init()", use: ({ init }) => init() },
  "pixie-auth/slim": { path: "/pixie-auth/slim.js", what: "init()", use: ({ init }) => init() },
  "oidc-client-ts": {
    path: "/oidc-client-ts.js",
    what: "new UserManager()",
    use: ({ UserManager }) => void new UserManager({ authority: "https://issuer.test", client_id: "bench", redirect_uri: "https://page.test/" }),
  },
  oauth4webapi: {
    path: "/oauth4webapi.js",
    what: "a PKCE pair",
    use: ({ generateRandomCodeVerifier, calculatePKCECodeChallenge }) => calculatePKCECodeChallenge(generateRandomCodeVerifier()),
  },
  "pixie-auth/pkce": { path: "/pixie-auth/pkce.js", what: "generatePkce()", use: ({ generatePkce }) => void generatePkce() },
  "pkce-challenge": { path: "/pkce-challenge.js", what: "a PKCE pair", use: ({ default: pkceChallenge }) => pkceChallenge() },
};

async function files() {
  const own = ["index.js", "slim.js", "seldom.js", "pkce.js", "auth-error.js"].map((name) => [`/pixie-auth/${name}`, script(packaged(name))]);
  return {
    ...Object.fromEntries(own),
    "/pixie-auth/pixie_auth_bg.wasm": { type: "application/wasm", body: packaged("pixie_auth_bg.wasm") },
    "/oidc-client-ts.js": script(await bundle('export { UserManager } from "oidc-client-ts"')),
    "/oauth4webapi.js": script(await bundle(OAUTH4WEBAPI_SIGN_IN)),
    "/pkce-challenge.js": script(await bundle('export { default } from "pkce-challenge"')),
  };
}

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} origin
 * @param {string} name
 * @returns {Promise<{ imported: number, used: number }>} milliseconds from the beginning
 */
async function once(browser, origin, name) {
  const { path, use } = CONTENDERS[name];
  // A context is a profile of its own: neither its caches nor its process have seen the script.
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(origin);
    return await page.evaluate(`(async () => {
      const use = ${use};
      const began = performance.now();
      const module = await import(${JSON.stringify(path)});
      const imported = performance.now();
      await use(module);
      return { imported: imported - began, used: performance.now() - began };
    })()`);
  } finally {
    await context.close();
  }
}

const label = (/** @type {string} */ name) => {
  const [library, entry] = name.split("/");
  return `${versioned(library)}${entry ? ` /${entry}` : ""}`;
};

export async function run() {
  const server = await serve(await files());
  const browser = await launch();
  try {
    const samples = await inTurns(Object.keys(CONTENDERS), ROUNDS, (name) => once(browser, server.origin, name));
    const shown = (/** @type {number} */ milliseconds) => milliseconds.toFixed(1);
    const rows = [...samples].map(([name, times]) => {
      const { median, low, high } = spread(times.map(({ used }) => used));
      const imported = spread(times.map((time) => time.imported)).median;
      return [label(name), CONTENDERS[name].what, shown(imported), shown(median), shown(low), shown(high)];
    });
    console.log(`\n${table([`in Chromium ${browser.version()}`, "first use", "import, median", "to first use, median", "lowest", "highest"], rows, [0, 1])}`);
    console.log(`${ROUNDS} rounds in turns, each in a fresh profile; served compressed from loopback, so the network's share is missing.`);
  } finally {
    await browser.close();
    await server.close();
  }
}
