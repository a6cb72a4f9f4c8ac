// @ts-check
// A page's bundle of what it takes from one package: made for each of them in the same way, and by a command that can
// be repeated by hand in the clone's root.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../scripts/paths.mjs";

const OPTIONS = /** @type {const} */ ({ bundle: true, minify: true, format: "esm", target: "es2022" });
/** The package by its name is the one in pkg/; the others lie in node_modules. */
const ALIAS = { "pixie-auth": "./pkg" };
const COMPRESSED = 'node -p "zlib.brotliCompressSync(fs.readFileSync(0)).length"';

const flags = [
  ...Object.entries(OPTIONS).map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`)),
  ...Object.entries(ALIAS).map(([name, folder]) => `--alias:${name}=${folder}`),
];

/** The command line that ends in the bundle's size after brotli. @param {string} entry */
export const command = (entry) => `echo '${entry}' | npx esbuild ${flags.join(" ")} | ${COMPRESSED}`;

/**
 * @param {string} entry A module's text: what it exports is what the page uses.
 * @returns {Promise<Uint8Array>}
 */
export async function bundle(entry) {
  const { outputFiles } = await build({
    ...OPTIONS,
    alias: ALIAS,
    absWorkingDir: root,
    stdin: { contents: entry, resolveDir: root },
    write: false,
    logLevel: "warning",
  });
  return outputFiles[0].contents;
}

/** "oauth4webapi" → "oauth4webapi 3.8.8". @param {string} name */
export function versioned(name) {
  const folder = name === "pixie-auth" ? join(root, "pkg") : join(root, "node_modules", name);
  return `${name} ${JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version}`;
}
