// @ts-check
// From cargo's output to the two modules as they ship.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../progress.mjs";
import { root, shown } from "../paths.mjs";
import { ensureWasmPack, toolEnvironment } from "../toolchain.mjs";
import { trimmed } from "./glue.mjs";
import { namedByPlace } from "./order.mjs";
import { snip } from "./snip.mjs";

const TARGET = "wasm32-unknown-unknown";

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
 * Small once compressed, which is how it travels: inlining saves bytes that compression saves anyway, and makes the
 * rest harder to compress (measured: 2 %). No address below 1024 is one of data: there the
 * stack would end, and overflow.
 */
const SMALLEST = [
  "--flexible-inline-max-function-size=0",
  "--one-caller-inline-max-function-size=0",
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
function environment() {
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

/** @typedef {{ imports: [string, string, string][], exports: [string, string][] }} Names */

/** The module of "pixie-auth", and the short names that its imports and exports got. */
export async function buildClientModule() {
  const wasmPack = await ensureWasmPack();
  const args = ["build", "--release", "--target", "bundler", "--no-pack", "--no-typescript", "--no-opt", "--out-dir", glueFolder];
  await run(wasmPack, [...args, root, "--", "--locked", "--no-default-features", "--features", "npm"], {
    env: environment(),
    quiet: true,
    label: "wasm-pack build",
  });
  const { default: binaryen } = await import("binaryen");
  const { bytes } = snip(binaryen, readFileSync(join(glueFolder, "pixie_auth_bg.wasm")), clientGlue());
  const snipped = join(work, "snipped.wasm");
  writeFileSync(snipped, bytes);
  // Twice: once with its functions' names for `npm run size`, once as it ships.
  await wasmOpt(snipped, join(work, "named.wasm"), [...SMALLEST.filter((pass) => pass !== "--strip-debug"), "--debuginfo"]);
  const small = join(work, "small.wasm");
  await wasmOpt(snipped, small, SMALLEST);
  const ordered = join(work, "ordered.wasm");
  writeFileSync(ordered, await namedByPlace(readFileSync(small)));
  // On their own: --converge would run them again and again.
  const last = ["--reorder-functions-by-name", "--strip-debug", "--minify-imports-and-exports-and-modules"];
  const output = join(work, "client.wasm");
  const printed = await wasmOpt(ordered, output, last);
  const names = /** @type {Names} */ (JSON.parse(printed.slice(printed.indexOf("{"), printed.lastIndexOf("}") + 1)));
  return { module: readFileSync(output), names };
}
