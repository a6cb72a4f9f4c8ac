// @ts-check
// npm run build: leaves the publishable package in pkg/. Does nothing where it is there already.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./paths.mjs";
import { fail, step } from "./progress.mjs";
import { setup } from "./setup.mjs";
import { manifestVersion } from "./versions.mjs";

export const pkg = join(root, "pkg");
const stamp = join(root, "target", "npm", "stamp.json");

/** Everything that the package is made of. */
const INPUTS = ["Cargo.toml", "Cargo.lock", ".cargo", "rust-toolchain.toml", "src", "pkg-template", "scripts/build.mjs", "scripts/build", "package-lock.json"];
const COPIED = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];

/** @param {string} path @returns {string[]} */
function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).sort().flatMap((name) => filesBelow(join(path, name)));
}

/** @param {string[]} paths */
function fingerprint(paths) {
  const hash = createHash("sha256");
  for (const file of paths.flatMap((path) => filesBelow(join(root, path)))) {
    hash.update(relative(root, file)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

function fresh() {
  if (!existsSync(stamp) || !existsSync(pkg)) return false;
  const { inputs, outputs } = JSON.parse(readFileSync(stamp, "utf8"));
  return inputs === fingerprint([...INPUTS, ...COPIED]) && outputs === fingerprint(["pkg"]);
}

/** Builds the package unless pkg/ is what these sources make. */
export async function ensureBuilt() {
  if (fresh()) return;
  await build();
}

async function build() {
  const { buildClientModules, buildPkceModule } = await import("./build/modules.mjs");
  const { bundle } = await import("./build/bundle.mjs");
  const version = manifestVersion(readFileSync(join(root, "Cargo.toml"), "utf8"));
  const inputs = fingerprint([...INPUTS, ...COPIED]);
  const pkce = await step("module of pixie-auth/pkce", buildPkceModule, { hint: "a few seconds" });
  const client = await step("modules of pixie-auth", buildClientModules, { hint: "up to a minute" });
  await step("package", async () => {
    // Made aside and moved into place whole, so that a build that fails leaves the last good package.
    const next = join(root, "target", "npm", "pkg");
    rmSync(next, { recursive: true, force: true });
    mkdirSync(next, { recursive: true });
    await bundle({ pkce, client, outdir: next });
    const template = join(root, "pkg-template");
    for (const folder of ["", "electron"]) {
      for (const name of readdirSync(join(template, folder)).filter((file) => /\.d\.c?ts$/.test(file))) cpSync(join(template, folder, name), join(next, folder, name));
    }
    const manifest = JSON.parse(readFileSync(join(template, "package.json"), "utf8"));
    writeFileSync(join(next, "package.json"), `${JSON.stringify({ ...manifest, version }, null, 2)}\n`);
    for (const name of COPIED) cpSync(join(root, name), join(next, name));
    rmSync(pkg, { recursive: true, force: true });
    renameSync(next, pkg);
  });
  writeFileSync(stamp, JSON.stringify({ inputs, outputs: fingerprint(["pkg"]) }));
}

async function main() {
  await setup();
  await ensureBuilt();
  console.log(`pkg/ is ready: ${readdirSync(pkg).sort().join(", ")}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main().catch(fail);
