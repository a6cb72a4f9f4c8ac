// @ts-check
// What the contenders of one page take for the same work, in turns.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/paths.mjs";
import { table } from "../scripts/size/table.mjs";
import { script, serve } from "./browser.mjs";
import { bundle, versioned } from "./bundles.mjs";
import { inTurns, middle, ratios } from "./rounds.mjs";

const ROUNDS = 80;
const MILLISECONDS = 25;

export const PACE = `${ROUNDS} rounds in turns, each ${MILLISECONDS} ms of one piece of work after another; between the quartiles lies half of the rounds.`;

/**
 * What `prepare` of a module of this folder gives, in a page with the package as it ships.
 * @param {import("playwright-core").Browser} browser
 * @param {string} module
 * @param {string} [given] to `prepare`
 */
export async function prepared(browser, module, given) {
  const own = ["index.js", "seldom.js", "auth-error.js"].map((name) => [`/pixie-auth/${name}`, script(readFileSync(join(root, "pkg", name)))]);
  const server = await serve({ ...Object.fromEntries(own), "/contenders.js": script(await bundle(`export * from "./benches/${module}"`)) });
  const page = await browser.newPage();
  await page.goto(server.origin);
  // A handle: the functions stay in the page.
  const held = await page.evaluateHandle(async (argument) => {
    const { prepare, microsecondsEach } = await import(new URL("/contenders.js", globalThis.location.href).href);
    return { ...(await prepare(argument)), microsecondsEach };
  }, given);
  return {
    held,
    names: /** @type {string[]} */ (await held.evaluate(({ contenders }) => Object.keys(contenders))),
    async close() {
      await page.close();
      await server.close();
    },
  };
}

/** @param {string} heading @param {Awaited<ReturnType<typeof prepared>>} page */
export async function contest(heading, { held, names }) {
  const samples = await inTurns(names, ROUNDS, (name) =>
    held.evaluate(({ contenders, microsecondsEach }, [one, milliseconds]) => microsecondsEach(contenders[one], milliseconds), /** @type {const} */ ([name, MILLISECONDS])),
  );
  const own = samples.get("pixie-auth") ?? [];
  const rows = [...samples].map(([name, times]) => {
    const { median, low, high } = middle(times);
    return [named(name), median.toFixed(1), low.toFixed(1), high.toFixed(1), `${middle(ratios(own, times)).median.toFixed(2)} ×`];
  });
  console.log(`\n${table([heading, "median, µs", "1st quartile", "3rd quartile", "pixie-auth's to this"], rows)}`);
  return samples;
}

/** "jose, a set of keys" → "jose 6.2.17, a set of keys". @param {string} name */
function named(name) {
  const [library, ...rest] = name.split(",");
  return ["pixie-auth", "jose", "oauth4webapi"].includes(library) ? [versioned(library), ...rest].join(",") : name;
}
