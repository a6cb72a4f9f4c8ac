// @ts-check
// The entries: pkg-template's files, wasm-bindgen's glue and the modules' bytes, one file an entry.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "../paths.mjs";
import { embed, tuned } from "./embed.mjs";
import { mainImports, secondImports, shortened } from "./imports.mjs";
import { clientGlue, glueFolder } from "./modules.mjs";

const EMBEDDED = "pixie:embedded/";

/**
 * @param {{ pkce: Uint8Array, client: import("./modules.mjs").Client, outdir: string }} parts
 */
export async function bundle({ pkce, client: { main, names, second, secondNames }, outdir }) {
  const { build } = await import("esbuild");
  const glue = shortened(clientGlue(), names);
  const short = (/** @type {string} */ wanted) => JSON.stringify(names.exports.find(([name]) => name === wanted)?.[1] ?? wanted);
  /** @type {Record<string, () => string>} */
  const virtual = {
    "pixie:glue": () => mainImports(glue, names, secondNames),
    "pixie:glue/seldom": () => secondImports(glue, secondNames),
    "pixie:auth-error": () => `import { AuthError } from "./auth-error.js"; export { AuthError };`,
    "pixie:embedded/client": () => embed(main, around.get("index")),
    "pixie:embedded/seldom": () => embed(second, around.get("seldom")),
    "pixie:embedded/pkce": () => embed(pkce, around.get("pkce")),
  };
  /** The entries without their modules, by their names: nothing before they were built for the first time. @type {Map<string, string>} */
  const around = new Map();
  /** @type {import("esbuild").Plugin} */
  const plugin = {
    name: "pixie",
    setup(bundler) {
      // One class of errors for all entries, so that `instanceof` holds between them: a file that they share. Whoever wants it
      // in one entry has it from a module that imports it once.
      bundler.onResolve({ filter: /^\.\/auth-error\.js$/ }, ({ path }) => ({ path, external: true }));
      bundler.onResolve({ filter: /auth_error\.js$/ }, () => ({ path: "pixie:auth-error", namespace: "pixie" }));
      // Files that the entries share, too, and that none of them has in it.
      bundler.onResolve({ filter: /^\.\/(seldom|window-login)\.js$/ }, ({ kind, path }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
      bundler.onResolve({ filter: /^pixie:/ }, ({ path }) => ({ path, namespace: "pixie", sideEffects: false }));
      bundler.onLoad({ filter: /.*/, namespace: "pixie" }, ({ path }) => ({
        contents: around.size === 0 && path.startsWith(EMBEDDED) ? "export const bytes = () => new Uint8Array();" : virtual[path](),
        resolveDir: glueFolder,
        loader: "js",
      }));
    },
  };
  /** @type {import("esbuild").BuildOptions} */
  const options = {
    outdir,
    bundle: true,
    format: "esm",
    platform: "neutral",
    // What every host has that has modules in workers and the module's own encodings.
    target: ["chrome108", "firefox114", "safari16.4", "node20"],
    minify: true,
    // The embedded bytes are letters; escaped they would be three times as long.
    charset: "utf8",
    legalComments: "none",
    define: { __WBINDGEN_START__: short("__wbindgen_start"), __CLIENT_ASK__: short("ask"), __ELECTRON_MAIN__: "false" },
    logLevel: "warning",
  };
  const template = join(root, "pkg-template");
  const entries = { ...options, entryPoints: ["index", "slim", "seldom", "window-login", "pkce", "capacitor"].map((name) => join(template, `${name}.js`)), plugins: [plugin] };
  mkdirSync(outdir, { recursive: true });
  const { outputFiles } = await build({ ...entries, write: false });
  for (const { path, text } of outputFiles) around.set(basename(path, ".js"), text);
  for (const { path, text } of (await build({ ...entries, write: false })).outputFiles) {
    const embedded = { index: main, seldom: second }[basename(path, ".js")];
    writeFileSync(path, embedded ? arranged(text, embedded) : text);
  }
  await electron({ build, options, plugin, outdir: join(outdir, "electron"), template: join(template, "electron") });
  await build({ ...options, entryPoints: { "auth-error": join(root, "src", "bindings", "auth_error.js") } });
  writeFileSync(join(outdir, "pixie_auth_bg.wasm"), main);
}

/** Where files that were arranged are kept: it takes a quarter of a minute each, and most builds change neither. */
const KEPT = join(root, "target", "npm", "arranged");

/** @param {string} text @param {Uint8Array} bytes */
function arranged(text, bytes) {
  const way = readFileSync(new URL("embed.mjs", import.meta.url));
  const kept = join(KEPT, `${createHash("sha256").update(way).update(bytes).update(text).digest("hex")}.js`);
  if (!existsSync(kept)) {
    mkdirSync(KEPT, { recursive: true });
    // Moved into place whole: a build that is ended leaves no half of one.
    writeFileSync(`${kept}.new`, tuned(text, bytes));
    renameSync(`${kept}.new`, kept);
  }
  return readFileSync(kept, "utf8");
}

/**
 * The files for Electron. Its main process and its preload scripts take modules of CommonJS in all its versions, each whole in
 * one file: a preload script in a sandbox can load no other.
 * @param {any} parts
 */
async function electron({ build, options, plugin, outdir, template }) {
  const { charset, legalComments, logLevel, define } = options;
  const common = { bundle: true, platform: "node", format: "cjs", external: ["electron"], outExtension: { ".js": ".cjs" }, target: ["node16"], charset, legalComments, logLevel, outdir };
  await build({
    ...common,
    entryPoints: [join(template, "main.js")],
    inject: [join(template, "host.js")],
    define: { ...define, __ELECTRON_MAIN__: "true", "globalThis.crypto": "crypto", "globalThis.addEventListener": "addEventListener", "globalThis.removeEventListener": "removeEventListener" },
    plugins: [whole, plugin],
  });
  await build({ ...common, entryPoints: [join(template, "preload.js")] });
  await build({ ...options, outdir, entryPoints: [join(template, "renderer.js")], plugins: [beside] });
}

/** What is whole in one file has the errors' class and the second module within. @type {import("esbuild").Plugin} */
const whole = {
  name: "pixie, whole",
  setup(bundler) {
    bundler.onResolve({ filter: /auth[-_]error(\.js)?$/ }, () => ({ path: join(root, "src", "bindings", "auth_error.js") }));
    bundler.onResolve({ filter: /^\.\/seldom\.js$/ }, () => ({ path: join(root, "pkg-template", "seldom.js") }));
    // There is no window to sign in in.
    bundler.onResolve({ filter: /^\.\/window-login\.js$/ }, () => ({ path: join(root, "pkg-template", "window-login.js") }));
  },
};

/** @type {import("esbuild").Plugin} */
const beside = {
  name: "pixie, a folder below",
  setup(bundler) {
    bundler.onResolve({ filter: /auth[-_]error(\.js)?$/ }, () => ({ path: "../auth-error.js", external: true }));
  },
};
