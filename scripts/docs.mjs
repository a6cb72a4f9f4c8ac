// @ts-check
// npm run docs: the crate's documentation, once as a native program sees it and once as a page does; a warning fails.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, shown } from "./paths.mjs";
import { fail, run, step } from "./progress.mjs";
import { setup } from "./setup.mjs";
import { toolEnvironment } from "./toolchain.mjs";

const WASM = "wasm32-unknown-unknown";

/** @typedef {{ name: string, args: string[], index: string }} Documentation */

/** @type {readonly Documentation[]} */
export const documentations = [
  { name: "documentation (native)", args: [], index: join(root, "target", "doc", "pixie_auth", "index.html") },
  {
    name: "documentation (browser)",
    args: ["--target", WASM, "--features", "npm"],
    index: join(root, "target", WASM, "doc", "pixie_auth", "index.html"),
  },
];

export function document(/** @type {Documentation} */ { name, args }) {
  const env = { ...toolEnvironment(), RUSTDOCFLAGS: "-D warnings" };
  return run("cargo", ["doc", "--no-deps", "--locked", ...args], { env, quiet: true, label: name });
}

async function main() {
  await setup({ wasmTools: false });
  for (const documentation of documentations) await step(documentation.name, () => document(documentation));
  console.log();
  for (const { name, index } of documentations) console.log(`${name}: ${shown(index)}`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main().catch(fail);
