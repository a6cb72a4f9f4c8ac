// @ts-check
// The demo's Electron app as a project of its own: www-demo/electron, the page of www-demo/spa, and the package as npm packs it.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contentSecurityPolicy } from "../../www-demo/server/static-server.mjs";
import { root } from "../paths.mjs";
import { run } from "../progress.mjs";
import { windows } from "../programs.mjs";

/** In a window it is the renderer's class that the page imports, by the same name. @param {string} page */
export function pageForWindow(page) {
  const at = '"/node_modules/pixie-auth/index.js"';
  if (!page.includes(at)) throw new Error(`the demo's page has no import of ${at}`);
  return page.replace(at, '"/node_modules/pixie-auth/electron/renderer.js"');
}

/**
 * @param {string} folder made anew
 * @param {{ issuer: string, clientId: string, scope: string }} config
 */
export async function makeElectronProject(folder, config) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, "www-demo", "electron"), folder, { recursive: true });
  const page = join(folder, "page");
  cpSync(join(root, "www-demo", "spa"), page, { recursive: true });
  writeFileSync(join(page, "index.html"), pageForWindow(readFileSync(join(page, "index.html"), "utf8")));
  writeFileSync(join(page, "config.json"), JSON.stringify({ ...config, contentSecurityPolicy: await contentSecurityPolicy(join(page, "index.html"), config.issuer) }));
  const npm = windows ? "npm.cmd" : "npm";
  await run(npm, ["pack", join(root, "pkg"), "--ignore-scripts", "--pack-destination", folder], { cwd: folder, quiet: true, label: "npm pack", timeLimit: 60 });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  await run(npm, ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", join(folder, tarball)], { cwd: folder, quiet: true, label: "npm install the package", timeLimit: 60 });
}
