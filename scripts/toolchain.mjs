// @ts-check
// What the project is built with, and how it gets onto a machine that has only rustup and Node: npm's packages, the
// pinned Rust, wasm-pack and the wasm-bindgen CLI. Uses Node's own modules alone, as it runs before any package
// is there. Each `…Step` looks whether something is missing and is null where nothing is; each `ensure…` does it.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { withLock } from "./lock.mjs";
import { root } from "./paths.mjs";
import { ask, cacheFolder, executable, findProgram, findPrograms, windows, withPath } from "./programs.mjs";
import { CommandError, run, SetupError, step } from "./progress.mjs";
import { lockedVersion, pinnedToolchain, printedVersion } from "./versions.mjs";

const WASM_PACK_VERSION = "0.15.1";

/** @typedef {{ title: string, hint: string, work: () => Promise<void> }} Step */

const read = (/** @type {string} */ name) => readFileSync(join(root, name), "utf8");

/** @param {Step | null} missing */
async function perform(missing) {
  if (missing) await step(missing.title, missing.work, missing);
}

// ---------------------------------------------------------------------------------------------- npm's packages

const stamp = join(root, "node_modules", ".pixie-auth-lockfile");

/** What node_modules was installed from, and for: native packages differ by platform. */
function lockfileState() {
  const hash = createHash("sha256").update(read("package-lock.json")).digest("hex");
  return `${hash} ${process.platform}-${process.arch}\n`;
}

const npmIsCurrent = () => existsSync(stamp) && readFileSync(stamp, "utf8") === lockfileState();

/** @returns {Step | null} */
export function npmPackagesStep() {
  if (npmIsCurrent()) return null;
  return {
    title: "npm packages",
    hint: "installing what package-lock.json names, takes under a minute",
    work: () => withLock(join(root, "target", "npm-ci.lock"), async () => {
      if (npmIsCurrent()) return;
      // Our packages work without their install scripts, and so nothing of theirs runs unasked.
      await run(...npmCommand(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]), { quiet: true, label: "npm ci" });
      writeFileSync(stamp, lockfileState());
    }),
  };
}

/** npm beside the Node that runs us. @param {string[]} args @returns {[string, string[]]} */
export function npmCommand(args) {
  // Under `npm test` npm says where it lies; that also avoids the shell that npm.cmd needs on Windows.
  const script = [process.env.npm_execpath, join(dirname(process.execPath), "node_modules", "npm", "bin", "npm-cli.js")]
    .find((path) => path?.endsWith("npm-cli.js") && existsSync(path));
  return script ? [process.execPath, [script, ...args]] : ["npm", args];
}

export async function ensureNpmPackages() {
  await perform(npmPackagesStep());
  return join(root, "node_modules");
}

// --------------------------------------------------------------------------------------------------------- Rust

/** Right after rustup's own installation a shell does not have this folder on its PATH yet. */
const cargoBin = () => join(process.env.CARGO_HOME || join(homedir(), ".cargo"), "bin");

function rustup() {
  const found = findProgram("rustup", [cargoBin()]);
  if (found) return found;
  throw new SetupError(
    "rustup was not found. It brings the Rust compiler, in the version that this project pins.\n" +
    `  Install it as https://rustup.rs says${windows ? "" : ":\n    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --default-toolchain none"}\n` +
    "  and run this command again.",
  );
}

/** @returns {Step | null} */
export function rustStep() {
  const program = rustup();
  const { channel, profile, components, targets } = pinnedToolchain(read("rust-toolchain.toml"));
  // One question for all: a target's library is listed as a component too.
  const list = ask(program, ["component", "list", "--installed", "--toolchain", channel]);
  const installed = list?.split(/\r?\n/) ?? [];
  const lacks = (/** @type {string} */ name) => !installed.some((line) => line === name || line.startsWith(`${name}-`));
  const missingComponents = components.filter(lacks);
  const missingTargets = targets.filter((target) => lacks(`rust-std-${target}`));
  // RUSTUP_AUTO_INSTALL=0 is found on some machines, so nothing is left to happen by itself.
  if (list === null) {
    return {
      title: `Rust ${channel} with ${[...targets, ...components].join(", ")}`,
      hint: "installing, takes 1 to 3 minutes",
      work: async () => {
        await run(program, [
          "toolchain", "install", channel, "--profile", profile, "--no-self-update",
          ...components.flatMap((name) => ["--component", name]),
          ...targets.flatMap((name) => ["--target", name]),
        ], { quiet: true, label: `rustup toolchain install ${channel}` });
      },
    };
  }
  if (missingComponents.length + missingTargets.length === 0) return null;
  return {
    title: `Rust ${channel}'s ${[...missingTargets, ...missingComponents].join(", ")}`,
    hint: "adding, takes under a minute",
    work: async () => {
      if (missingTargets.length > 0) {
        await run(program, ["target", "add", "--toolchain", channel, ...missingTargets], { quiet: true, label: "rustup target add" });
      }
      if (missingComponents.length > 0) {
        await run(program, ["component", "add", "--toolchain", channel, ...missingComponents], { quiet: true, label: "rustup component add" });
      }
    },
  };
}

/** The folder of cargo and rustup. */
export async function ensureRust() {
  await perform(rustStep());
  return dirname(rustup());
}

// ------------------------------------------------------------------------------------- tools that cargo compiles

/** @typedef {{ name: string, title: string, crate: string, version: string, binaries: string[], duration: string }} Tool */

/** @returns {Tool} */
const wasmPack = () => ({
  name: "wasm-pack",
  title: "wasm-pack",
  crate: "wasm-pack",
  version: WASM_PACK_VERSION,
  binaries: ["wasm-pack"],
  duration: "2 to 3 minutes",
});

/** The CLI's version must equal the library's, to the last digit. @returns {Tool} */
const wasmBindgen = () => ({
  name: "wasm-bindgen",
  title: "wasm-bindgen CLI",
  crate: "wasm-bindgen-cli",
  version: lockedVersion(read("Cargo.lock"), "wasm-bindgen"),
  binaries: ["wasm-bindgen", "wasm-bindgen-test-runner"],
  duration: "about 5 minutes",
});

const toolRoot = (/** @type {Tool} */ tool) => join(cacheFolder(), `${tool.name}-${tool.version}`);

/** The folder that holds the tool's programs in the right version, or null. @param {Tool} tool */
function findTool(tool) {
  const complete = (/** @type {string} */ folder) => tool.binaries.every((name) => existsSync(join(folder, executable(name))));
  const cached = join(toolRoot(tool), "bin");
  if (complete(cached)) return cached;
  for (const program of findPrograms(tool.binaries[0], [cargoBin()])) {
    const version = printedVersion(ask(program, ["--version"]) ?? "");
    if (version === tool.version && complete(dirname(program))) return dirname(program);
  }
  return null;
}

/** @param {Tool} tool @returns {Step | null} */
function toolStep(tool) {
  if (findTool(tool)) return null;
  return {
    title: `${tool.title} ${tool.version}`,
    hint: `compiling, takes ${tool.duration}`,
    work: () => withLock(
      join(cacheFolder(), `${tool.name}-${tool.version}.lock`),
      async () => {
        // Whoever held the lock before us may have done it.
        if (!findTool(tool)) await compile(tool);
      },
      { onWait: (owner) => console.log(`\n  Another process (${owner?.pid ?? "unknown"}) is compiling ${tool.name} already: waiting for it.`) },
    ),
  };
}

async function compile(/** @type {Tool} */ tool) {
  const cache = cacheFolder();
  const staging = join(cache, `.${tool.name}-${tool.version}-${process.pid}`);
  const build = join(cache, `.build-${tool.name}-${tool.version}`);
  mkdirSync(staging, { recursive: true });
  const args = ["install", tool.crate, "--version", `=${tool.version}`, "--root", staging];
  /** @type {NodeJS.ProcessEnv} */
  const env = toolchainEnvironment();
  // A build folder of its own: outside the clone, and kept until the end, so that an interrupted compilation goes on.
  env.CARGO_TARGET_DIR = build;
  // These are programs for this machine, whatever the shell was set up to build.
  delete env.CARGO_BUILD_TARGET;
  const cargo = join(dirname(rustup()), executable("cargo"));
  const label = `cargo install ${tool.crate} ${tool.version}`;
  try {
    try {
      await run(cargo, [...args, "--locked"], { cwd: cache, env, quiet: true, label });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      // A package mirror can be days behind the tool's own lock file; newer compatible crates serve as well.
      console.log(`\n  ${label} --locked did not work; trying without --locked.`);
      await run(cargo, args, { cwd: cache, env, quiet: true, label: `${label} unlocked` });
    }
    // Moved into place whole: nobody ever sees half a tool.
    rmSync(toolRoot(tool), { recursive: true, force: true });
    renameSync(staging, toolRoot(tool));
    rmSync(build, { recursive: true, force: true });
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

export const wasmPackStep = () => toolStep(wasmPack());
export const wasmBindgenStep = () => toolStep(wasmBindgen());

/** @param {Tool} tool */
async function ensureTool(tool) {
  await perform(toolStep(tool));
  const folder = findTool(tool);
  if (!folder) throw new Error(`${tool.name} ${tool.version} was installed and yet is not found in ${toolRoot(tool)}`);
  return folder;
}

/** The path of wasm-pack. */
export async function ensureWasmPack() {
  return join(await ensureTool(wasmPack()), executable("wasm-pack"));
}

/** The folder of wasm-bindgen and wasm-bindgen-test-runner, in the version of Cargo.lock. */
export const ensureWasmBindgen = () => ensureTool(wasmBindgen());

// -------------------------------------------------------------------------------------------------- environment

/** The pinned Rust, whatever a shell has chosen for itself and whatever other cargo stands on the PATH. */
function toolchainEnvironment() {
  const { channel } = pinnedToolchain(read("rust-toolchain.toml"));
  return { ...withPath([dirname(rustup())]), RUSTUP_TOOLCHAIN: channel };
}

/** The environment for everything that builds: cargo, wasm-pack and the wasm-bindgen that wasm-pack looks for. */
export function toolEnvironment() {
  const tools = [wasmBindgen(), wasmPack()].map(findTool).filter((folder) => folder !== null);
  return withPath(tools, toolchainEnvironment());
}
