// @ts-check
// Makes a machine that has only rustup and Node ready for the other commands; says what it does. Where all is there it
// does nothing. By hand: node scripts/setup.mjs [--browser]
import { pathToFileURL } from "node:url";
import { browserStep } from "./browser.mjs";
import { fail, SetupError, step } from "./progress.mjs";
import { npmPackagesStep, rustStep, wasmBindgenStep, wasmPackStep } from "./toolchain.mjs";

const OLDEST_NODE = 20;

/**
 * @param {object} [wanted]
 * @param {boolean} [wanted.browser] Chromium and its driver too.
 * @param {boolean} [wanted.wasmTools] wasm-pack and the wasm-bindgen CLI; true where not given.
 */
export async function setup({ browser = false, wasmTools = true } = {}) {
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
    throw new SetupError(`Node ${process.versions.node} is too old: version ${OLDEST_NODE} or newer is needed.`);
  }
  // All questions first, so that the first line already says how many steps there are, and what cannot be done here
  // is said before minutes are spent on the rest.
  const missing = [
    npmPackagesStep(),
    rustStep(),
    ...(wasmTools ? [wasmPackStep(), wasmBindgenStep()] : []),
    ...(browser ? [browserStep()] : []),
  ].filter((one) => one !== null);
  for (const [index, { title, hint, work }] of missing.entries()) {
    await step(title, work, { index: index + 1, total: missing.length, hint });
  }
  return missing.length;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const done = await setup({ browser: process.argv.includes("--browser") });
    console.log(done === 0 ? "Everything that the project needs is installed." : "Ready.");
  } catch (error) {
    fail(error);
  }
}
