// @ts-check
// npm run size [-- --json]: what each entry weighs as it ships, where the bytes come from, and whether that is within
// size-budgets.json.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { plainName } from "./build/snip.mjs";
import { root } from "./paths.mjs";
import { bold, dim, fail, green, red, SetupError } from "./progress.mjs";
import { setup } from "./setup.mjs";
import { byArea } from "./size/areas.mjs";
import { compare } from "./size/budgets.mjs";
import { total, weigh, without } from "./size/compression.mjs";
import { withoutEmbedded } from "./size/embedded.mjs";
import { namedFunctions, sections } from "./size/module.mjs";
import { fitted } from "./size/names.mjs";
import { grouped, table } from "./size/table.mjs";

/** @typedef {import("./size/compression.mjs").Weight} Weight */
/** @typedef {import("./size/module.mjs").NamedFunction} NamedFunction */
/** @typedef {Awaited<ReturnType<typeof measure>>} Sizes */

const LARGEST = 20;

/** What a page loads for each entry. @type {Readonly<Record<string, readonly string[]>>} */
const ENTRIES = {
  "pixie-auth": ["index.js", "auth-error.js"],
  "pixie-auth/slim": ["slim.js", "auth-error.js", "pixie_auth_bg.wasm"],
  "pixie-auth/pkce": ["pkce.js", "auth-error.js"],
};

/** What both of the client's entries load when it is first needed: in no entry's number. */
const SECOND = { budget: "pixie-auth/seldom", script: "seldom.js", module: "seldom.wasm" };

/** What has no module of its own: one more piece that is loaded on first need, and the entries beside the client. @type {Readonly<Record<string, string>>} */
const SCRIPTS = {
  "pixie-auth/window-login": "window-login.js",
  "pixie-auth/capacitor": "capacitor.js",
  "pixie-auth/electron/renderer": "electron/renderer.js",
};

/** The entries whose first file carries a module as a string, and that module. */
const EMBEDDED = { "pixie-auth": "client.wasm", "pixie-auth/pkce": "pkce.wasm" };

const packaged = (/** @type {string} */ name) => readFileSync(join(root, "pkg", name));
const built = (/** @type {string} */ name) => readFileSync(join(root, "target", "npm", name));

/** @param {string} name */
function entry(name) {
  const files = Object.fromEntries(ENTRIES[name].map((file) => [file, weigh(packaged(file))]));
  return [name, { files, total: total(Object.values(files)) }];
}

/** What a module's bytes cost more as a string in a script than as a file. @param {string} name @param {string} module */
function embedding(name, module) {
  const [script] = ENTRIES[name];
  const bytes = built(module);
  const parts = { script: weigh(Buffer.from(withoutEmbedded(packaged(script).toString("utf8"), bytes.length))), module: weigh(bytes) };
  return [name, { ...parts, price: without(weigh(packaged(script)), parts.script, parts.module) }];
}

/** How many functions the second module is called by. @param {Uint8Array} bytes */
const entrancesOf = (bytes) => WebAssembly.Module.exports(new WebAssembly.Module(/** @type {BufferSource} */ (bytes))).length;

function measure() {
  const client = built("client.wasm");
  // The entry without the string ships this file; were it another, the table would compare two builds.
  if (!client.equals(packaged("pixie_auth_bg.wasm"))) throw new Error("target/npm/client.wasm is not the module in pkg/: remove pkg/ and build anew");
  return {
    entries: /** @type {Record<string, { files: Record<string, Weight>, total: Weight }>} */ (Object.fromEntries(Object.keys(ENTRIES).map(entry))),
    second: { script: weigh(packaged(SECOND.script)), module: weigh(built(SECOND.module)), entrances: entrancesOf(built(SECOND.module)) },
    scripts: /** @type {Record<string, Weight>} */ (Object.fromEntries(Object.entries(SCRIPTS).map(([name, script]) => [name, weigh(packaged(script))]))),
    modules: { "client.wasm": weigh(client), "pkce.wasm": weigh(built("pkce.wasm")) },
    embedding: /** @type {Record<string, { script: Weight, module: Weight, price: Weight }>} */ (
      Object.fromEntries(Object.entries(EMBEDDED).map(([name, module]) => embedding(name, module)))
    ),
    sections: sections(client),
  };
}

/** @param {Sizes} sizes */
function budgetsOf({ entries, embedding: embedded, second, scripts }) {
  const budgets = JSON.parse(readFileSync(join(root, "size-budgets.json"), "utf8"));
  const measured = Object.entries(embedded).map(([name, { module }]) => [name, { brotli: entries[name].total.brotli, module: module.raw }]);
  return compare(budgets, {
    ...Object.fromEntries(measured),
    [SECOND.budget]: { brotli: second.script.brotli, module: second.module.raw },
    ...Object.fromEntries(Object.entries(scripts).map(([name, { brotli }]) => [name, { brotli, module: 0 }])),
  });
}

const cells = (/** @type {Weight} */ { raw, gzip, brotli }) => [raw, gzip, brotli].map(grouped);

/** @param {Sizes} sizes */
function printSizes({ entries, second, scripts, modules, embedding: embedded }) {
  const rows = [];
  for (const [name, { files, total: sum }] of Object.entries(entries)) {
    rows.push([bold(name), ...cells(sum).map(bold)]);
    for (const [file, weight] of Object.entries(files)) rows.push([`  ${file}`, ...cells(weight)]);
  }
  rows.push([]);
  rows.push([`loaded on first need, by ${second.entrances} functions, and in no entry's number:`]);
  rows.push([`  ${SECOND.script}`, ...cells(second.script)]);
  rows.push([`  its bare module ${SECOND.module}`, ...cells(second.module)]);
  rows.push([`  ${SCRIPTS["pixie-auth/window-login"]}`, ...cells(scripts["pixie-auth/window-login"])]);
  rows.push([]);
  for (const name of ["pixie-auth/capacitor", "pixie-auth/electron/renderer"]) rows.push([bold(name), ...cells(scripts[name]).map(bold)]);
  rows.push([]);
  for (const [name, weight] of Object.entries(modules)) rows.push([`bare module ${name}`, ...cells(weight)]);
  rows.push([]);
  for (const [name, { script, price }] of Object.entries(embedded)) {
    rows.push([`${name}: script without the module`, ...cells(script)]);
    rows.push([`${name}: price of embedding it`, ...cells(price)]);
  }
  console.log(table(["bytes, each file compressed by itself", "raw", "gzip -9", "brotli 11"], rows));
}

const percent = (/** @type {number} */ part, /** @type {number} */ whole) => `${((100 * part) / whole).toFixed(1)} %`;

/** @param {readonly NamedFunction[]} functions @param {number} whole */
function printLargest(functions, whole) {
  const largest = functions.slice(0, LARGEST).map(({ name, bytes }) => [grouped(bytes), percent(bytes, whole), fitted(name)]);
  console.log(table(["bytes", "of the module", "function"], largest, [2]));
}

/** @param {readonly NamedFunction[]} functions @param {Sizes["second"]} second */
function printSecond(functions, { module }) {
  const which = functions.length > LARGEST ? `The ${LARGEST} largest of the ${functions.length} functions` : `The ${functions.length} functions`;
  console.log(`\n${bold(`${which} that are loaded on first need`)}\n`);
  printLargest(functions, module.raw);
}

/** @param {readonly NamedFunction[]} functions @param {Sizes["sections"]} parts */
function printFunctions(functions, parts) {
  console.log(`\n${bold(`The ${LARGEST} largest of the client module's ${functions.length} functions`)}\n`);
  printLargest(functions, parts.raw);

  const areas = byArea(functions).map(({ area, bytes, functions: count }) => [area, grouped(count), grouped(bytes), percent(bytes, parts.raw)]);
  const others = /** @type {const} */ ([["data: texts and constants", parts.data], ["types, imports, exports, tables", parts.rest]]);
  const rows = [...areas, [], ...others.map(([what, bytes]) => [what, "", grouped(bytes), percent(bytes, parts.raw)])];
  console.log(`\n${bold("The client module by area")}\n`);
  console.log(table(["functions of", "number", "bytes", "of the module"], rows));
  console.log(dim("A library's generic function counts for the type of ours that it was made for."));
}

/** @param {import("./size/budgets.mjs").Held} held */
function verdict({ entry: name, what, bytes, most, over }) {
  const line = `${name}, ${what}: ${grouped(bytes)} of ${grouped(most)} bytes`;
  return over > 0 ? red(`✗ ${line}, ${grouped(over)} over the budget`) : green(`✓ ${line}, ${grouped(-over)} to spare`);
}

/** @param {ReturnType<typeof compare>} comparison */
function printBudgets({ held, goals }) {
  console.log();
  for (const one of held) console.log(verdict(one));
  for (const { entry: name, bytes, goal, over } of goals) {
    const state = over > 0 ? `${grouped(over)} above it` : `${grouped(-over)} below it`;
    console.log(`  ${name}, goal (not enforced): ${grouped(goal)} bytes brotli; ${grouped(bytes)} is ${state}`);
  }
}

function options() {
  try {
    return parseArgs({ options: { json: { type: "boolean", default: false } } }).values;
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message : error}\n\nnpm run size [-- --json]`);
  }
}

/** Runs `work` with what it prints going to the other stream. @param {() => Promise<void>} work */
async function silently(work) {
  const write = process.stdout.write;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    await work();
  } finally {
    process.stdout.write = write;
  }
}

async function prepare() {
  await setup();
  const { ensureBuilt } = await import("./build.mjs");
  await ensureBuilt();
}

/** @param {string} name a module with its functions' names */
const functionsOf = async (name) => (await namedFunctions(built(name))).map(({ name, bytes }) => ({ name: plainName(name), bytes }));

async function main() {
  const { json } = options();
  // --json is for programs: nothing but the numbers goes where they read.
  await (json ? silently(prepare) : prepare());
  const sizes = measure();
  const comparison = budgetsOf(sizes);
  const broken = comparison.held.filter(({ over }) => over > 0);
  if (broken.length > 0) process.exitCode = 1;
  if (json) {
    for (const one of broken) console.error(verdict(one));
    const functions = await functionsOf("client-named.wasm");
    console.log(JSON.stringify({ ...sizes, areas: byArea(functions), largest: functions.slice(0, LARGEST), budgets: comparison }, null, 2));
    return;
  }
  console.log();
  printSizes(sizes);
  try {
    printFunctions(await functionsOf("client-named.wasm"), sizes.sections);
    printSecond(await functionsOf("seldom-named.wasm"), sizes.second);
  } finally {
    printBudgets(comparison);
  }
}

await main().catch(fail);
