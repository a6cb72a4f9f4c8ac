// @ts-check
// A page's bundle of what it takes from one package: the same command for each of them, and one that can be repeated
// by hand from the clone's root.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/paths.mjs";

// The package by its name is the one in pkg/; the others lie in node_modules.
const FLAGS = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=error", "--alias:pixie-auth=./pkg"];
const SIZE = 'node -p "zlib.brotliCompressSync(fs.readFileSync(0)).length"';

/** @param {string} entry */
export const command = (entry) => `echo '${entry}' | npx esbuild ${FLAGS.join(" ")} | ${SIZE}`;

/**
 * @param {string} entry A module's text: what it exports is what the page uses.
 * @returns {Promise<Buffer>}
 */
export async function bundle(entry) {
  const esbuild = join(root, "node_modules", "esbuild", "bin", "esbuild");
  const child = spawn(esbuild, FLAGS, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
  // What `echo` sends ends a line.
  child.stdin.end(`${entry}\n`);
  const closed = once(child, "close");
  const parts = [];
  for await (const part of child.stdout) parts.push(part);
  const [code] = await closed;
  if (code !== 0) throw new Error(`esbuild ended with exit code ${code} for: ${entry}`);
  return Buffer.concat(parts);
}

/** "oauth4webapi" → "oauth4webapi 3.8.8". */
export function versioned(/** @type {string} */ name) {
  const manifest = name === "pixie-auth" ? join(root, "pkg", "package.json") : join(root, "node_modules", name, "package.json");
  return `${name} ${JSON.parse(readFileSync(manifest, "utf8")).version}`;
}
