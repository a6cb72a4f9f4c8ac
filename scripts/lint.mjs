// @ts-check
// npm run lint: every check runs, one line each; what is wrong is shown under the line.
import { join } from "node:path";
import { root } from "./paths.mjs";
import { document, documentations } from "./docs.mjs";
import { everyTestIsRun, noLeaks, versionsAgree } from "./lint/repository.mjs";
import { CommandError, fail, green, red, run, SetupError, step } from "./progress.mjs";
import { setup } from "./setup.mjs";
import { toolEnvironment } from "./toolchain.mjs";

const WASM = ["--target", "wasm32-unknown-unknown"];

/** @typedef {{ name: string, work: () => unknown }} Check */

/** @param {string} name @param {string[]} args @returns {Check} */
const cargo = (name, args) => ({ name, work: () => run("cargo", args, { env: toolEnvironment(), quiet: true, label: name }) });
/** @param {string} name @param {string[]} args */
const clippy = (name, args) => cargo(`clippy (${name})`, ["clippy", "--locked", ...args, "--", "-D", "warnings"]);

/** @type {readonly Check[]} */
const checks = [
  { name: "no machine's own names in the repository", work: noLeaks },
  { name: "Cargo.toml and CHANGELOG.md agree on the version", work: versionsAgree },
  { name: "every test file belongs to a suite", work: everyTestIsRun },
  {
    name: "eslint",
    work: () => run(process.execPath, [join(root, "node_modules", "eslint", "bin", "eslint.js"), "--max-warnings", "0", "."], { quiet: true, label: "eslint" }),
  },
  cargo("rustfmt", ["fmt", "--all", "--check"]),
  // A workspace of its own; what it is compiled of, clippy sees with tests/fuzz_seeds.rs.
  cargo("rustfmt (fuzz)", ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]),
  clippy("native", ["--all-targets"]),
  clippy("browser, as a Rust library", [...WASM, "--lib"]),
  // Not with the tests: what they stand on brings the standard library, and with it a second panic handler.
  clippy("browser, as the npm package", [...WASM, "--lib", "--features", "npm"]),
  clippy("browser, with its tests", [...WASM, "--lib", "--test", "web", "--features", "bindings"]),
  clippy("browser, the pkce module", [...WASM, "--lib", "--no-default-features", "--features", "pkce-module", "--release"]),
  ...documentations.map((documentation) => ({ name: documentation.name, work: () => document(documentation) })),
];

async function main() {
  await setup({ wasmTools: false });
  let failed = 0;
  for (const { name, work } of checks) {
    try {
      await step(name, async () => work(), { announce: false });
    } catch (error) {
      failed += 1;
      const expected = error instanceof CommandError || error instanceof SetupError;
      console.log(expected ? `  ${error.message}\n` : error);
    }
  }
  const summary = `lint: ${checks.length - failed} of ${checks.length} checks passed`;
  console.log(`\n${failed > 0 ? red(summary) : green(summary)}`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await main().catch(fail);
