// @ts-check
// Cuts the client's module in two, after the link: what few programs need goes to a second module, which is loaded
// when it is first needed. Both work on one memory and one stack. Where main calls what has gone, it calls an import;
// the second imports from main whatever main has kept. Data that only the second reads go along.
import { joined, numbersIn, ofSecondAlone } from "./data.mjs";
import { FAR } from "./imports.mjs";
import { dataSegments, plainName } from "./snip.mjs";

/**
 * What goes to the second module. A listed function goes, and with it every function that only such functions reach.
 * The names are Rust's, as `npm run size` shows them; a function has to be there to be cut, so one that the compiler
 * would put into its caller is marked `#[inline(never)]`.
 */
export const SELDOM = {
  /** What main calls, once `seldom()` in pkg-template/load.js has been waited for. */
  entrances: [
    /^<?pixie_auth::core::machines::seldom::/,
    /^<?pixie_auth::web::dpop::/,
    /^pixie_auth::bindings::values::authorized$/,
    /^pixie_auth::bindings::seldom::/,
    /^pixie_auth::core::words::config::Config::fill_seldom$/,
    /^pixie_auth::core::machines::logout::.*::(logout_callback|logout_loaded)$/,
  ],
  /** What only the second may call: the build fails where main does, which would have to load it first. */
  inside: [/^<?pixie_auth::core::protocol::(par|dpop|userinfo|grant)::/, /^pixie_auth::core::protocol::authorize::LoginOptions::/, /^pixie_auth::core::protocol::end_session::check_state$/],
};

/** The modules of imports, as the two name each other before they get their short names. */
export const MAIN = "main";
export const SECOND = "seldom";

/** What wasm-ld names the stack pointer, and the module its memory. */
export const STACK_POINTER = "__stack_pointer";
const MEMORY = "memory";

/** @typedef {typeof import("binaryen").default} Binaryen */
/** @typedef {{ entrances: RegExp[], inside: RegExp[] }} Listed */

/** @param {Binaryen} binaryen @param {Uint8Array} bytes */
function opened(binaryen, bytes) {
  const module = binaryen.readBinary(bytes);
  // As in snip.mjs.
  const { BulkMemory, BulkMemoryOpt, CallIndirectOverlong, MutableGlobals, NontrappingFPToInt, SignExt, ReferenceTypes, Multivalue } = binaryen.Features;
  module.setFeatures(BulkMemory | BulkMemoryOpt | CallIndirectOverlong | MutableGlobals | NontrappingFPToInt | SignExt | ReferenceTypes | Multivalue);
  return module;
}

/** @param {Binaryen} binaryen @param {import("binaryen").default.Module} module */
function functions(binaryen, module) {
  const all = Array.from({ length: module.getNumFunctions() }, (_, index) => binaryen.getFunctionInfo(module.getFunctionByIndex(index)));
  return { own: all.filter((one) => !one.module), imported: all.filter((one) => one.module) };
}

/** @param {Binaryen} binaryen @param {import("binaryen").default.Module} module */
const exportsOf = (binaryen, module) => Array.from({ length: module.getNumExports() }, (_, index) => binaryen.getExportInfo(module.getExportByIndex(index)));

/** @param {Binaryen} binaryen @param {import("binaryen").default.Module} module */
const globalsOf = (binaryen, module) => Array.from({ length: module.getNumGlobals() }, (_, index) => binaryen.getGlobalInfo(module.getGlobalByIndex(index)));

/** Drops what no export reaches. @param {import("binaryen").default.Module} module */
const prune = (module) => module.runPasses(["remove-unused-module-elements"]);

/** @param {Binaryen} binaryen @param {import("binaryen").default.Module} module */
function written(binaryen, module) {
  if (!module.validate()) throw new Error("the cut made a module that is not valid");
  binaryen.setDebugInfo(true);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

/** The functions that call one, for whoever has to find out why it is called. @param {import("binaryen").default.Module} module @param {string} name */
function callers(module, name) {
  const texts = module.emitText().split("\n (func ");
  const calls = [`(call $${name}`, `(call $"${name}"`].flatMap((call) => [`${call}\n`, `${call})`]);
  const calling = texts.filter((text) => calls.some((call) => text.includes(call)));
  return calling.map((text) => plainName(/^\$(?:"([^"]*)"|(\S+))/.exec(text)?.slice(1).join("") ?? ""));
}

/**
 * Refuses what the cut rests on where it is not so. @param {Binaryen} binaryen @param {import("binaryen").default.Module} module
 */
function check(binaryen, module) {
  // A function that is called through a table has no call that could be turned into one of an import.
  if (module.getNumTables() > 0) throw new Error("the module has a table of functions, which the cut does not know: something is called through a pointer");
  const mutable = globalsOf(binaryen, module).filter((one) => one.mutable);
  const unknown = mutable.filter(({ name, module: imported }) => imported || name !== STACK_POINTER);
  if (unknown.length > 0) throw new Error(`the module has globals that the cut does not know: ${unknown.map(({ name }) => name).join(", ")}`);
  const memory = exportsOf(binaryen, module).find(({ kind }) => kind === binaryen.ExternalMemory);
  if (memory?.name !== MEMORY) throw new Error("the module does not export its memory");
}

/** A view of a piece of data, in a module's file. @param {Uint8Array} bytes @param {import("./data.mjs").Piece} piece */
function dataAt(bytes, { address, size }) {
  for (const segment of dataSegments(bytes)) {
    const start = segment.start + address - segment.address;
    if (address >= segment.address && start + size <= segment.end) return bytes.subarray(start, start + size);
  }
  // Zeros, which no segment has.
  return new Uint8Array(size);
}

/**
 * The two modules. Neither is without what the other may need: see `exporting`.
 * @param {Binaryen} binaryen
 * @param {Uint8Array} bytes a module with its name section, whose tables and dead functions are gone
 * @param {import("./data.mjs").Piece[]} pieces of its data
 * @param {Listed} [listed]
 * @returns {{ main: Uint8Array, second: Uint8Array, entrances: string[], moved: string[], data: import("./data.mjs").Piece[] }} names
 *   without hashes, and the data that go along
 */
export function split(binaryen, bytes, pieces, listed = SELDOM) {
  const main = opened(binaryen, bytes);
  prune(main);
  check(binaryen, main);
  const before = functions(binaryen, main);
  const matches = (/** @type {RegExp[]} */ patterns, /** @type {string} */ name) => patterns.some((pattern) => pattern.test(plainName(name)));
  const cut = before.own.filter(({ name }) => matches(listed.entrances, name) || matches(listed.inside, name));
  const exported = exportsOf(binaryen, main).filter(({ kind }) => kind === binaryen.ExternalFunction);
  for (const { name } of cut) {
    // It would be called without anyone having loaded it.
    if (exported.some(({ value }) => value === name)) throw new Error(`${plainName(name)} is exported, and cannot be in the second module`);
  }
  for (const { name, params, results } of cut) {
    main.removeFunction(name);
    main.addFunctionImport(name, SECOND, name, params, results);
  }
  prune(main);
  const { own: kept, imported } = functions(binaryen, main);
  const far = imported.filter((one) => one.module === SECOND);
  const entrances = far.map(({ name }) => name);
  for (const { name, params } of far) {
    // More would be lost on the way, and in silence.
    if (binaryen.expandType(params).length > FAR.length) throw new Error(`${plainName(name)} takes more than ${FAR.length} arguments: imports.mjs passes no more`);
  }
  for (const name of entrances) {
    if (matches(listed.entrances, name)) continue;
    throw new Error(`${plainName(name)} is to be in the second module alone, but main calls it, from ${callers(main, name).join(", ")}`);
  }
  if (entrances.length === 0) throw new Error("no function that main calls is one for the second module: have their callers taken them in?");

  const second = opened(binaryen, bytes);
  for (const { name } of exportsOf(binaryen, second)) second.removeExport(name);
  for (const { name, params, results } of kept) {
    second.removeFunction(name);
    second.addFunctionImport(name, MAIN, name, params, results);
  }
  for (const name of entrances) second.addFunctionExport(name, name);
  const memory = second.getMemoryInfo();
  prune(second);
  const data = joined(ofSecondAlone(pieces, (piece) => dataAt(bytes, piece), numbersIn(main.emitText()), numbersIn(second.emitText())));
  share(binaryen, second, memory, data.map((piece) => ({ offset: second.i32.const(piece.address), data: dataAt(bytes, piece), passive: false })));
  prune(second);
  const moved = functions(binaryen, second).own.map(({ name }) => plainName(name));
  const without = written(binaryen, main);
  for (const piece of data) dataAt(without, piece).fill(0);
  return { main: without, second: written(binaryen, second), entrances: entrances.map(plainName), moved, data };
}

/**
 * Makes main's of the second's memory and stack. @param {Binaryen} binaryen @param {import("binaryen").default.Module} second
 * @param {import("binaryen").default.MemoryInfo} memory main's
 * @param {any[]} segments the data that only it reads
 */
function share(binaryen, second, { initial, max }, segments) {
  const name = "0";
  second.setMemory(initial, max ?? -1, null, segments, false, false, name);
  second.addMemoryImport(name, MAIN, MEMORY);
  for (const { name: global, type, mutable } of globalsOf(binaryen, second)) {
    if (!mutable) continue;
    second.removeGlobal(global);
    second.addGlobalImport(global, MAIN, global, type, true);
  }
}

/**
 * Main, exporting what the second imports from it once that one is as small as it gets.
 * @param {Binaryen} binaryen
 * @param {Uint8Array} bytes main of `split`
 * @param {WebAssembly.ModuleImportDescriptor[]} needed the second's imports
 */
export function exporting(binaryen, bytes, needed) {
  const main = opened(binaryen, bytes);
  for (const { module, name, kind } of needed) {
    if (module !== MAIN) continue;
    if (kind === "function") main.addFunctionExport(name, name);
    else if (kind === "global") main.addGlobalExport(name, name);
    else if (kind !== "memory") throw new Error(`the second module needs a ${kind} of main's`);
  }
  return written(binaryen, main);
}
