// @ts-check
// The package as a user gets it: packed by npm, and the tarball installed into a folder outside the repository.
// Test files run in processes of their own; the first one to come packs, the others find the folder ready.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

export const repositoryRoot = fileURLToPath(new URL("../../", import.meta.url));
/** Another build may be tested by naming its folder. */
const builtPackage = process.env.PIXIE_AUTH_PKG ?? join(repositoryRoot, "pkg");

const PACKED = "pixie-auth-packed-";
const A_DAY = 86_400_000;

/**
 * @typedef {object} PackedPackage
 * @property {string} workspace      the folder it is installed in, as a user's project would be
 * @property {string} directory      node_modules/pixie-auth of that folder
 * @property {string[]} files        what the tarball holds, sorted, as npm says
 * @property {Record<string, any>} manifest
 */

/** @type {Promise<PackedPackage> | null} */
let packed = null;

/** @returns {Promise<PackedPackage>} */
export function packedPackage() {
  packed ??= findOrPack();
  return packed;
}

/**
 * Imports the installed package by its name, as a module of the user's would.
 * @param {string} specifier
 */
export async function importInstalled(specifier) {
  const { workspace } = await packedPackage();
  const importer = join(workspace, `import-${specifier.replaceAll("/", "-")}.mjs`);
  await writeFile(importer, `export * from ${JSON.stringify(specifier)};\n`);
  return import(pathToFileURL(importer).href);
}

/**
 * A new project folder that has the package installed, for tests that build in it.
 * @param {Record<string, string>} files path → content
 */
export async function projectWithPackage(files) {
  const { directory } = await packedPackage();
  const project = await mkdtemp(join(tmpdir(), "pixie-auth-project-"));
  await cp(directory, join(project, "node_modules", "pixie-auth"), { recursive: true });
  await writeFile(
    join(project, "package.json"),
    JSON.stringify({ name: "project", private: true, type: "module", dependencies: { "pixie-auth": "*" } }),
  );
  for (const [path, content] of Object.entries(files)) {
    const target = join(project, path);
    await mkdir(join(target, ".."), { recursive: true });
    await writeFile(target, content);
  }
  return { path: project, remove: () => rm(project, { recursive: true, force: true }) };
}

async function findOrPack() {
  const workspace = join(tmpdir(), PACKED + (await digestOf(builtPackage)));
  if (!(await exists(workspace))) {
    await removeOutdated();
    await packInto(workspace);
  }
  const directory = join(workspace, "node_modules", "pixie-auth");
  return {
    workspace,
    directory,
    files: JSON.parse(await readFile(join(workspace, "tarball-files.json"), "utf8")),
    manifest: JSON.parse(await readFile(join(directory, "package.json"), "utf8")),
  };
}

/** @param {string} workspace */
async function packInto(workspace) {
  const building = await mkdtemp(join(tmpdir(), "pixie-auth-packing-"));
  try {
    const { stdout } = await run("npm", ["pack", builtPackage, "--json", "--ignore-scripts", "--pack-destination", building]);
    // npm ≥ 12 names the packages in an object, older ones list them.
    const report = Object.values(JSON.parse(stdout))[0];
    await writeFile(join(building, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
    await run(
      "npm",
      ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", join(building, report.filename)],
      { cwd: building },
    );
    const files = report.files.map((/** @type {{ path: string }} */ file) => file.path).sort();
    await writeFile(join(building, "tarball-files.json"), JSON.stringify(files));
    // The rename is what makes the folder appear whole to the other processes; the loser of a race throws its own away.
    await rename(building, workspace).catch(async (error) => {
      if (!(await exists(workspace))) throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

/** Every build leaves a folder behind; none is in use a day later. */
async function removeOutdated() {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PACKED)) continue;
    const folder = join(tmpdir(), name);
    if (Date.now() - (await stat(folder)).mtimeMs > A_DAY) await rm(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder */
async function digestOf(folder) {
  const hash = createHash("sha256");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error) => {
    throw new Error(`The package is not built: ${relative(process.cwd(), folder) || folder} cannot be read; run npm run build first.`, {
      cause: error,
    });
  });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? /** @type {any} */ (entry).path, entry.name));
  for (const path of paths.sort()) {
    hash.update(relative(folder, path)).update("\0").update(await readFile(path)).update("\0");
  }
  return hash.digest("hex").slice(0, 24);
}

/** @param {string} path */
async function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}
