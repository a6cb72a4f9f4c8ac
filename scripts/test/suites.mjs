// @ts-check
// The suites of `npm test`, in the order in which they run. Each gives an outcome; none throws for a test that failed.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { chromiumFlags, ensureBrowser, webdriverCapabilities } from "../browser.mjs";
import { root, testResults } from "../paths.mjs";
import { colourful, run } from "../progress.mjs";
import { ensureWasmPack, toolEnvironment } from "../toolchain.mjs";
import { countCargoResults } from "./cargo-results.mjs";
import { filesBelow } from "./files.mjs";
import { openGate } from "./gate.mjs";
import { countNodeResults } from "./node-results.mjs";
import { nothing, sum, withoutSilentPass } from "./outcome.mjs";
import { countTypeErrors } from "./type-results.mjs";
import { openDesk, vectorsObstacle, vectorTests } from "./vectors.mjs";

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string} title
 * @property {boolean} browser Whether it needs one.
 * @property {boolean} built Whether it needs pkg/.
 * @property {() => boolean} [present] Whether there is anything to run unless it is asked for by name; true where not given.
 * @property {() => Promise<import("./outcome.mjs").Outcome>} run
 */

/** Minutes after which a suite that hangs is ended and fails; far above what each needs on a slow machine, cold. */
const LIMIT = { rust: 15, wasm: 15, node: 20, types: 3 };

const shownIn = (/** @type {string} */ path) => relative(root, path).split(sep).join("/");

async function rust() {
  const { output, reason } = await run("cargo", ["test", "--locked", "--no-fail-fast"], {
    env: cargoEnvironment(),
    label: "cargo test",
    timeLimit: LIMIT.rust * 60,
    tolerant: true,
  });
  return withoutSilentPass(countCargoResults(output), "cargo test", reason);
}

function cargoEnvironment() {
  return { ...toolEnvironment(), CARGO_TERM_COLOR: colourful ? "always" : "never" };
}

async function wasm() {
  const { chromium, chromedriver } = await ensureBrowser();
  mkdirSync(testResults, { recursive: true });
  const capabilities = join(testResults, "webdriver.json");
  const desk = openDesk();
  const gate = await openGate(desk);
  const obstacle = vectorsObstacle();
  writeFileSync(capabilities, `${JSON.stringify(webdriverCapabilities(chromium, [...chromiumFlags, ...gate.flags]), null, 2)}\n`);
  const { output, reason } = await run(
    await ensureWasmPack(),
    // no-install: the CLI of the locked version is on the PATH already, and nothing else is to be fetched.
    ["test", "--mode", "no-install", "--headless", "--chrome", "--chromedriver", chromedriver, root, "--locked", "--features", "bindings", "--test", "web", ...(obstacle ? ["--", "--skip", "vectors::"] : [])],
    {
      env: { ...cargoEnvironment(), WASM_BINDGEN_TEST_WEBDRIVER_JSON: capabilities, WASM_BINDGEN_TEST_TIMEOUT: "120" },
      label: "wasm-pack test",
      timeLimit: LIMIT.wasm * 60,
      tolerant: true,
    },
  ).finally(gate.close);
  const skipped = obstacle ? vectorTests().map((name) => ({ name, reason: obstacle })) : [];
  for (const line of obstacle ? [`SKIPPED: ${obstacle}; no signature of theirs was verified.`] : desk.reports) console.log(line);
  return withoutSilentPass(sum([countCargoResults(output), { ...nothing(), skipped }]), "wasm-pack test", reason);
}

/** Where each suite of Node tests looks for its files. @type {Readonly<Record<string, readonly string[]>>} */
const FOLDERS = {
  // The scripts' own tests, and those that lie beside the code of the demo and of the tests' supporting servers.
  scripts: ["scripts", "benches", "www-demo", "tests/support"],
  package: ["tests/package"],
  e2e: ["tests/e2e"],
  electron: ["tests/electron"],
};
const testFiles = (/** @type {string} */ suite) => FOLDERS[suite].flatMap((folder) => filesBelow(join(root, folder), ".test.mjs"));

/** Every file that some suite of Node tests runs. */
export const suiteTestFiles = () => Object.keys(FOLDERS).flatMap(testFiles);

/**
 * @param {string} name
 * @param {{ concurrency?: number, env?: NodeJS.ProcessEnv }} [options]
 */
async function nodeTests(name, { concurrency, env = {} } = {}) {
  const files = testFiles(name);
  // Without files Node would look for some by itself.
  if (files.length === 0) return withoutSilentPass(nothing(), name, null);
  mkdirSync(testResults, { recursive: true });
  const events = join(testResults, `${name}.ndjson`);
  rmSync(events, { force: true });
  const { reason } = await run(process.execPath, [
    "--test",
    ...(concurrency ? [`--test-concurrency=${concurrency}`] : []),
    "--test-reporter=spec", "--test-reporter-destination=stdout",
    `--test-reporter=${new URL("./node-events.mjs", import.meta.url).href}`, `--test-reporter-destination=${events}`,
    ...files.map(shownIn),
  ], {
    env: { ...toolEnvironment(), ...(colourful ? { FORCE_COLOR: "1" } : {}), ...env },
    label: `node --test (${name})`,
    timeLimit: LIMIT.node * 60,
    tolerant: true,
  });
  const counted = existsSync(events) ? countNodeResults(readFileSync(events, "utf8"), root) : nothing();
  return withoutSilentPass(counted, name, reason);
}

async function inBrowser(/** @type {string} */ name, /** @type {number | undefined} */ concurrency) {
  const { chromium, chromedriver, firefox } = await ensureBrowser();
  const env = { CHROME_PATH: chromium, CHROMEDRIVER: chromedriver, ...(firefox ? { FIREFOX_PATH: firefox } : {}) };
  return nodeTests(name, { concurrency, env });
}

const typesProject = join(root, "tests", "types", "tsconfig.json");

async function types() {
  const files = [".ts", ".mts", ".tsx"].flatMap((ending) => filesBelow(dirname(typesProject), ending)).map(shownIn);
  const { output, reason } = await run(
    process.execPath,
    [join(root, "node_modules", "typescript", "bin", "tsc"), "--noEmit", "--pretty", "false", "--project", typesProject],
    { label: "tsc", timeLimit: LIMIT.types * 60, tolerant: true },
  );
  return withoutSilentPass(countTypeErrors(output, files), "tsc", reason);
}

/** @type {readonly Suite[]} */
export const suites = [
  { name: "scripts", title: "the developer's commands and the demo's parts", browser: false, built: false, run: () => nodeTests("scripts") },
  { name: "rust", title: "the core natively: unit tests, flows, documentation examples", browser: false, built: false, run: rust },
  { name: "wasm", title: "the adapters in headless Chromium", browser: true, built: false, run: wasm },
  { name: "package", title: "the packed package in Node, bundlers and Chromium", browser: true, built: true, run: () => inBrowser("package", undefined) },
  // Two at a time would share the two cores' worth of patience that the tests' timeouts allow for.
  { name: "e2e", title: "a page, a browser and an authorization server", browser: true, built: true, run: () => inBrowser("e2e", 1) },
  { name: "electron", title: "an app in a real Electron, and the system's browser", browser: true, built: true, run: () => inBrowser("electron", 1) },
  // Where the package suite compiles the type tests itself, there is no project for this one.
  { name: "types", title: "the types against the contract", browser: false, built: true, present: () => existsSync(typesProject), run: types },
];

/**
 * The suites that were asked for, in the suites' own order; all that are present where none is named.
 * @param {readonly string[]} names
 * @param {readonly Suite[]} [all]
 */
export function chosenSuites(names, all = suites) {
  const unknown = names.filter((name) => !all.some((suite) => suite.name === name));
  if (unknown.length > 0) throw new RangeError(`there is no suite ${unknown.join(", ")}; there are ${all.map(({ name }) => name).join(", ")}`);
  return names.length === 0 ? all.filter(({ present }) => present?.() ?? true) : all.filter(({ name }) => names.includes(name));
}

