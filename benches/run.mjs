// @ts-check
// npm run bench [-- name …]: the package beside its peers, in one run on one machine. Numbers to read; no time fails.
import { cpus, release, totalmem, type } from "node:os";
import { bold, fail, SetupError } from "../scripts/progress.mjs";
import { setup } from "../scripts/setup.mjs";

const NAMES = ["pkce", "verification", "proofs", "load", "sizes", "tabs"];

/** @param {readonly string[]} given */
function chosen(given) {
  const unknown = given.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) throw new SetupError(`there is no benchmark ${unknown.join(", ")}\n\nnpm run bench [-- ${NAMES.join(" | ")}]`);
  return given.length === 0 ? NAMES : NAMES.filter((name) => given.includes(name));
}

function machine() {
  const cores = cpus();
  return `${cores.length} × ${cores[0]?.model.trim() || "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()} ${process.arch}`;
}

async function main() {
  const names = chosen(process.argv.slice(2));
  await setup({ browser: names.some((name) => name !== "sizes") });
  const { ensureBuilt } = await import("../scripts/build.mjs");
  await ensureBuilt();
  console.log(`\n${machine()}\nNode ${process.versions.node} (V8 ${process.versions.v8})`);
  for (const name of names) {
    // Not before: they import packages that the setup may have had to install, and the package itself.
    const { title, run } = await import(`./${name}.mjs`);
    console.log(`\n${bold(`── ${name}: ${title}`)}`);
    await run();
  }
}

await main().catch(fail);
