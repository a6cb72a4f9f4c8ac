// @ts-check
// PKCE pairs per second, in Node and in Chromium.
import { createHash, randomBytes } from "node:crypto";
import { grouped, table } from "../scripts/size/table.mjs";
import { launch, script, serve } from "./browser.mjs";
import { bundle, versioned } from "./bundles.mjs";
import { contenders, pairsPerSecond } from "./pkce-contenders.js";
import { inTurns, spread } from "./rounds.mjs";

/** @typedef {import("./pkce-contenders.js").Contender} Contender */
/** @typedef {import("./pkce-contenders.js").Pair} Pair */

export const title = "PKCE pairs per second, one after another";

const ROUNDS = 15;
const MILLISECONDS = 100;

const sha256 = (/** @type {string} */ text) => createHash("sha256").update(text).digest("base64url");

/** @type {Record<string, Contender>} */
const inNode = {
  ...contenders,
  "Node's crypto by hand": {
    synchronous: true,
    make() {
      const codeVerifier = randomBytes(32).toString("base64url");
      return { codeVerifier, codeChallenge: sha256(codeVerifier) };
    },
  },
};

/** Whoever makes wrong pairs could make them fast. @param {string} name @param {Pair} pair */
function check(name, { codeVerifier, codeChallenge }) {
  if (!/^[\w.~-]{43}$/.test(codeVerifier) || codeChallenge !== sha256(codeVerifier)) throw new Error(`${name} made a pair that does not verify`);
}

const PACKAGES = ["pixie-auth", "pkce-challenge", "oauth4webapi"];
/** @param {string} name */
const shown = (name) => (PACKAGES.includes(name) ? versioned(name) : name);

/** @param {string} host @param {Map<string, number[]>} samples */
function print(host, samples) {
  const own = spread(samples.get("pixie-auth") ?? []).median;
  const rows = [...samples].map(([name, rates]) => {
    const { median, low, high } = spread(rates);
    return [shown(name), grouped(median), grouped(low), grouped(high), `${(own / median).toFixed(2)} ×`];
  });
  console.log(`\n${table([`in ${host}`, "median", "lowest", "highest", "pixie-auth's to this"], rows)}`);
}

async function nodeRates() {
  for (const [name, { make }] of Object.entries(inNode)) check(name, await make());
  return inTurns(Object.keys(inNode), ROUNDS, (name) => pairsPerSecond(inNode[name], MILLISECONDS));
}

/** @param {import("playwright-core").Browser} browser */
async function chromiumRates(browser) {
  const server = await serve({ "/contenders.js": script(await bundle('export * from "./benches/pkce-contenders.js"')) });
  try {
    const page = await browser.newPage();
    await page.goto(server.origin);
    // Only a handle: the functions stay in the page.
    const module = await page.evaluateHandle(() => import(new URL("/contenders.js", globalThis.location.href).href));
    for (const name of Object.keys(contenders)) check(name, await module.evaluate((loaded, one) => loaded.contenders[one].make(), name));
    return await inTurns(Object.keys(contenders), ROUNDS, (name) =>
      module.evaluate((loaded, [one, milliseconds]) => loaded.pairsPerSecond(loaded.contenders[one], milliseconds), /** @type {const} */ ([name, MILLISECONDS])),
    );
  } finally {
    await server.close();
  }
}

export async function run() {
  print(`Node ${process.versions.node}`, await nodeRates());
  const browser = await launch();
  try {
    print(`Chromium ${browser.version()}`, await chromiumRates(browser));
  } finally {
    await browser.close();
  }
  console.log(`${ROUNDS} rounds of ${MILLISECONDS} ms each, in turns. pixie-auth and Node's crypto give the pair at once; the others are awaited.`);
}
