// @ts-check
// npm test [-- suite …]: installs what is missing, builds, runs every suite and sums up. A suite that fails does not
// keep the others from running. The last line alone holds the numbers.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureBrowser } from "./browser.mjs";
import { testResults } from "./paths.mjs";
import { bold, fail, red, SetupError, yellow } from "./progress.mjs";
import { setup } from "./setup.mjs";
import { oneFailure } from "./test/outcome.mjs";
import { chosenSuites } from "./test/suites.mjs";
import { namedList, summaryTable, totalLine } from "./test/summary.mjs";

/** @typedef {import("./test/summary.mjs").SuiteOutcome} SuiteOutcome */

const messageOf = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error));

/** One preparation, whose failure is reported and then stands for the suites that need it. @param {() => Promise<unknown>} work */
async function prepare(work) {
  try {
    await work();
    return null;
  } catch (error) {
    fail(error);
    return messageOf(error).split("\n")[0];
  }
}

/**
 * @param {import("./test/suites.mjs").Suite} suite
 * @param {string | null} obstacle
 * @returns {Promise<SuiteOutcome>}
 */
async function runSuite(suite, obstacle) {
  const began = Date.now();
  let outcome;
  if (obstacle !== null) {
    outcome = oneFailure("the suite could not start", obstacle);
  } else {
    console.log(`\n${bold(`── ${suite.name}: ${suite.title}`)}\n`);
    try {
      outcome = await suite.run();
    } catch (error) {
      fail(error);
      outcome = oneFailure("the suite could not run", messageOf(error).split("\n")[0]);
    }
  }
  return { name: suite.name, seconds: (Date.now() - began) / 1000, ...outcome };
}

/** @param {readonly string[]} names */
async function main(names) {
  const chosen = chosenSuites(names);
  const wantsBrowser = chosen.some(({ browser }) => browser);
  // The browser first: where only the developer can install it, that is said before minutes go into the rest.
  const browser = wantsBrowser ? await prepare(ensureBrowser) : null;
  const base = await prepare(setup);
  /** @type {string | null | undefined} */
  let build;

  /** @type {SuiteOutcome[]} */
  const outcomes = [];
  for (const suite of chosen) {
    if (suite.built && base === null && build === undefined) {
      build = await prepare(async () => {
        const { ensureBuilt } = await import("./build.mjs");
        await ensureBuilt();
      });
    }
    const obstacle = base ?? (suite.browser ? browser : null) ?? (suite.built ? (build ?? null) : null);
    outcomes.push(await runSuite(suite, obstacle));
  }

  report(outcomes);
}

/** @param {SuiteOutcome[]} outcomes */
function report(outcomes) {
  const named = (/** @type {"failures" | "skipped"} */ kind) =>
    outcomes.flatMap(({ name: suite, [kind]: items }) => items.map((item) => ({ suite, ...item })));
  const total = totalLine(outcomes);
  const failed = outcomes.some((outcome) => outcome.failed > 0);
  mkdirSync(testResults, { recursive: true });
  writeFileSync(join(testResults, "summary.json"), `${JSON.stringify({ total, suites: outcomes }, null, 2)}\n`);
  writeFileSync(join(testResults, "total.txt"), `${total}\n`);
  console.log(`\n${bold("── summary")}\n`);
  for (const [text, paint] of /** @type {const} */ ([[namedList("Failed:", named("failures")), red], [namedList("Skipped:", named("skipped")), yellow]])) {
    if (text) console.log(paint(text));
  }
  console.log(summaryTable(outcomes));
  // Without colour: this line is read by programs as well.
  console.log(`\n${total}`);
  process.exitCode = failed ? 1 : 0;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  fail(error instanceof RangeError ? new SetupError(messageOf(error)) : error);
  console.log("\n0 passed, 1 failed");
  process.exitCode = 1;
}
