// @ts-check
// From cargo's output to the modules as they ship.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../progress.mjs";
import { root, shown } from "../paths.mjs";
import { ensureWasmPack, toolEnvironment } from "../toolchain.mjs";
import { piecesOf } from "./data.mjs";
import { trimmed } from "./glue.mjs";
import { inOrder, isOfGlue, standsAlone } from "./imports.mjs";
import { namedByPlace } from "./order.mjs";
import { renamed } from "./rename.mjs";
import { snip } from "./snip.mjs";
import { MAIN, SECOND, STACK_POINTER, exporting, split } from "./split.mjs";
import { tabled } from "./table.mjs";

/** The name of main's table. No short one of wasm-opt's has a digit at its beginning. */
const TABLE = "0";

const TARGET = "wasm32-unknown-unknown";

/** Where the linker says where it has put what; beside what it makes, as both stay where nothing has to be linked anew. */
const MAP = join(root, "target", TARGET, "release", "client.map");

/** What Rust's wasm32-unknown-unknown has on by default: neither less nor newer. */
const FEATURES = [
  "bulk-memory",
  "bulk-memory-opt",
  "call-indirect-overlong",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "sign-ext",
].map((feature) => `--enable-${feature}`);

/**
 * Inlining saves bytes that compression saves anyway, and makes the rest harder to compress (measured: 2 %). What is
 * as small as a call still goes where it is called.
 */
const LITTLE_INLINING = ["--flexible-inline-max-function-size=0", "--one-caller-inline-max-function-size=0"];

/**
 * Small once compressed, which is how it travels. No address below 1024 is one of data: there the stack would end, and
 * overflow.
 */
const SMALLEST = [
  ...LITTLE_INLINING,
  "--low-memory-unused",
  "--skip-pass=local-cse",
  "-Oz",
  "--converge",
  "--strip-debug",
  "--strip-producers",
  "--strip-target-features",
];

/** Where intermediate files are. */
export const work = join(root, "target", "npm");
/** What wasm-pack leaves. */
export const glueFolder = join(work, "glue");

/**
 * The environment of every build for the browser. Paths of this machine are cut out of panic locations: a
 * module is the same wherever it is built.
 */
function environment(/** @type {string[]} */ ...more) {
  const env = toolEnvironment();
  const home = env.CARGO_HOME ?? join(env.HOME ?? env.USERPROFILE ?? "", ".cargo");
  const flags = [
    '--cfg=sha2_backend="soft"',
    '--cfg=sha2_backend_soft="compact"',
    `--remap-path-prefix=${join(home, "registry", "src")}=`,
    `--remap-path-prefix=${root.replace(/[\\/]$/, "")}=`,
    // A stack of 64 KiB is ten times what is used, and the memory of an idle tab starts that much smaller.
    "-Clink-arg=-zstack-size=65536",
    // Without reference types wasm-bindgen keeps JavaScript's values in a list of its own: less module than its
    // table and the functions around it, and hosts need not know them.
    "-Ctarget-feature=-reference-types",
    "-Clink-arg=--features=bulk-memory,bulk-memory-opt,multivalue,mutable-globals,nontrapping-fptoint,sign-ext",
    "-Clink-arg=--no-check-features",
    ...more,
  ];
  return { ...env, CARGO_ENCODED_RUSTFLAGS: flags.join("\u001f"), CARGO_TARGET_DIR: join(root, "target") };
}

/** @param {string} input @param {string} output @param {string[]} passes */
async function wasmOpt(input, output, passes) {
  const program = join(root, "node_modules", "binaryen", "bin", "wasm-opt");
  const { output: printed } = await run(process.execPath, [program, input, "-o", output, ...FEATURES, ...passes], {
    quiet: true,
    label: `wasm-opt ${shown(output)}`,
  });
  return printed;
}

/** The module of "pixie-auth/pkce". */
export async function buildPkceModule() {
  mkdirSync(work, { recursive: true });
  const args = ["build", "--locked", "--release", "--target", TARGET, "--no-default-features", "--features", "pkce-module"];
  // At "z" the compiler keeps a bounds check in sha2 that can never fail, and with it the panic machinery, which
  // nothing else in this module needs.
  args.push("--config", "profile.release.package.sha2.opt-level=2");
  await run("cargo", args, { env: environment(), quiet: true, label: "cargo build pkce module" });
  const output = join(work, "pkce.wasm");
  await wasmOpt(join(root, "target", TARGET, "release", "pixie_auth.wasm"), output, SMALLEST);
  return readFileSync(output);
}

/** wasm-bindgen's glue of the module of "pixie-auth", as far as it is shipped. */
export const clientGlue = () => trimmed(readFileSync(join(glueFolder, "pixie_auth_bg.js"), "utf8"));

/**
 * @typedef {[module: string, name: string, short: string]} Import
 * @typedef {{ imports: Import[], exports: [string, string][] }} Names the short names of main's imports and exports; the
 *   imports are, in the end, in the order of their numbers
 * @typedef {{ own: Import[], lent: Import[] }} SecondNames those of what only the second module imports, in its file
 *   and in main's glue
 * @typedef {Awaited<ReturnType<typeof buildClientModules>>} Client
 */

const NAMED = [...SMALLEST.filter((pass) => pass !== "--strip-debug"), "--debuginfo"];

/**
 * Before the cut: what traps is put where it is called, and goes with its table, before it could be shared. No pass
 * that makes one function of two alike: main would call the one that is not there.
 */
const UNTRAPPED = [...LITTLE_INLINING, "--inlining", "--dce", "--vacuum", "--remove-unused-module-elements", "--debuginfo"];

/** On their own: --converge would run them again and again. */
const LAST = ["--reorder-functions-by-name", "--strip-debug"];

/** @param {string} name @param {Uint8Array} bytes */
function kept(name, bytes) {
  const path = join(work, name);
  writeFileSync(path, bytes);
  return path;
}

/**
 * A module as small as it gets, in its order. A copy has its functions' names, for `npm run size`.
 * @param {string} input @param {string} name
 */
async function small(input, name) {
  await wasmOpt(input, join(work, `${name}-named.wasm`), NAMED);
  const output = join(work, `${name}-small.wasm`);
  await wasmOpt(input, output, SMALLEST);
  return kept(`${name}-ordered.wasm`, await namedByPlace(readFileSync(output)));
}

/**
 * The two with the names by which they are joined: what either has from JavaScript has numbers, and so have main's
 * functions in its table, by which the second knows them.
 * In the second, "a" are main's exports, "b" is what main's glue gives, "c" what is in its own file, and "d" the table.
 * @param {Uint8Array} minified main, by its short names
 * @param {Uint8Array} stripped the second
 * @param {Names} names
 */
function joined(minified, stripped, names) {
  // Files of two releases, as a cache may mix them, do not fit together and must not seem to: the stack pointer is
  // exported under the build's name, so that the host refuses the second of another build.
  const build = createHash("sha256").update(minified).update(stripped).digest("hex").slice(0, 6);
  const longs = new Map(names.exports.map(([long, short]) => [short, long]));
  const shorts = new Map(names.exports);
  const stackPointer = shorts.get(STACK_POINTER);
  if (!stackPointer) throw new Error("the second module does not use the stack, so nothing would hold it to its own main");
  const glue = clientGlue();
  const { bytes, names: inTable } = tabled(minified, TABLE, (short) => isOfGlue(glue, longs.get(short) ?? ""));
  const places = new Map(inTable.map((short, place) => [longs.get(short), String(place)]));

  const imports = inOrder(names.imports);
  const numbers = new Map(imports.map(([, , short], number) => [short, String(number)]));
  const main = renamed(bytes, {
    imported: (_, short) => ["a", /** @type {string} */ (numbers.get(short))],
    exported: (short) => (short === stackPointer ? build : short),
  });
  shorts.set(STACK_POINTER, build);

  /** @type {SecondNames} */
  const secondNames = { own: [], lent: [] };
  const inMain = (/** @type {string} */ module, /** @type {string} */ name) => {
    const number = imports.findIndex(([from, long]) => from === module && long === name);
    return number < 0 ? undefined : String(number);
  };
  const required = (/** @type {string | undefined} */ short, /** @type {string} */ name) => {
    if (!short) throw new Error(`main's optimization has lost ${name}, which it has in common with the second module`);
    return short;
  };
  const second = renamed(stripped, {
    imported: (module, name) => {
      const place = places.get(name);
      if (module === MAIN) return place ? ["d", place] : ["a", required(shorts.get(name), name)];
      const shared = inMain(module, name);
      if (shared) return ["b", shared];
      const alone = standsAlone(glue, module, name);
      const list = alone ? secondNames.own : secondNames.lent;
      const number = String(alone ? list.length : imports.length + list.length);
      list.push([module, name, number]);
      return [alone ? "c" : "b", number];
    },
    exported: (name) => required(inMain(SECOND, name), name),
  });
  writeFileSync(join(work, "client.wasm"), main);
  writeFileSync(join(work, "seldom.wasm"), second);
  return { main, names: { ...names, imports }, second, secondNames };
}

/** The two modules of "pixie-auth", and the names by which JavaScript and they know each other. */
export async function buildClientModules() {
  const wasmPack = await ensureWasmPack();
  const args = ["build", "--release", "--target", "bundler", "--no-pack", "--no-typescript", "--no-opt", "--out-dir", glueFolder];
  await run(wasmPack, [...args, root, "--", "--locked", "--no-default-features", "--features", "npm"], {
    env: environment(`-Clink-arg=-Map=${MAP}`),
    quiet: true,
    label: "wasm-pack build",
  });
  const { default: binaryen } = await import("binaryen");
  const { bytes } = snip(binaryen, readFileSync(join(glueFolder, "pixie_auth_bg.wasm")), clientGlue());
  const snipped = kept("snipped.wasm", bytes);
  const whole = join(work, "whole.wasm");
  await wasmOpt(snipped, whole, UNTRAPPED);
  const cut = split(binaryen, readFileSync(whole), piecesOf(readFileSync(MAP, "utf8")));

  const second = await small(kept("seldom-parted.wasm", cut.second), "seldom");
  const needed = WebAssembly.Module.imports(await WebAssembly.compile(readFileSync(second)));
  const main = await small(kept("client-parted.wasm", exporting(binaryen, cut.main, needed)), "client");

  const minified = join(work, "client-minified.wasm");
  const printed = await wasmOpt(main, minified, [...LAST, "--minify-imports-and-exports-and-modules"]);
  const names = /** @type {Names} */ (JSON.parse(printed.slice(printed.indexOf("{"), printed.lastIndexOf("}") + 1)));
  const stripped = join(work, "seldom-stripped.wasm");
  await wasmOpt(second, stripped, LAST);
  return joined(readFileSync(minified), readFileSync(stripped), names);
}
