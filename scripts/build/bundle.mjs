// @ts-check
// The entries: pkg-template's files, wasm-bindgen's glue and the modules' bytes, one file an entry.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";
import { embed } from "./embed.mjs";
import { clientGlue, glueFolder } from "./modules.mjs";

/** @typedef {import("./modules.mjs").Names} Names */

/**
 * wasm-bindgen's glue, with the short names of the module's exports.
 * @param {string} glue
 * @param {Names} names
 */
export function shortened(glue, names) {
  for (const [name, short] of names.exports) {
    glue = glue.replaceAll(new RegExp(`\\bwasm\\.${name}\\b`, "g"), () => `wasm.${short}`);
  }
  return glue;
}

/**
 * The glue with the object of imports by short names. What the module imports comes from the glue, which then has it
 * in that object and nowhere else; functions that need no conversion come straight from the JavaScript beside the Rust
 * that declares them.
 * @param {string} glue
 * @param {Names} names
 */
export function withImports(glue, names) {
  const members = [];
  const lines = [];
  for (const [index, [module, name, short]] of names.imports.entries()) {
    let value = name;
    if (module !== "./pixie_auth_bg.js") {
      value = `direct${index}`;
      lines.push(`import { ${name} as ${value} } from ${JSON.stringify(module)};`);
    }
    glue = glue.replace(new RegExp(`^export const ${value} = (.*);\n`, "m"), (_, call) => {
      value = call;
      return "";
    });
    members.push(`${JSON.stringify(short)}: ${value}`);
  }
  return `${lines.join("\n")}\n${glue}\nexport const imports = { a: { ${members.join(", ")} } };\n`;
}

/**
 * @param {{ pkce: Uint8Array, client: Uint8Array, names: Names, outdir: string }} parts
 */
export async function bundle({ pkce, client, names, outdir }) {
  const { build } = await import("esbuild");
  const glue = withImports(shortened(clientGlue(), names), names);
  const short = (/** @type {string} */ wanted) => JSON.stringify(names.exports.find(([name]) => name === wanted)?.[1] ?? wanted);
  /** @type {Record<string, () => string>} */
  const virtual = {
    "pixie:glue": () => glue,
    "pixie:embedded/client": () => embed(client),
    "pixie:embedded/pkce": () => embed(pkce),
  };
  /** @type {import("esbuild").Plugin} */
  const plugin = {
    name: "pixie",
    setup(bundler) {
      // One class of errors for all entries, so that `instanceof` holds between them: a file that they share.
      const shared = () => ({ path: "./auth-error.js", external: true });
      bundler.onResolve({ filter: /^pixie:auth-error$/ }, shared);
      bundler.onResolve({ filter: /auth_error\.js$/ }, shared);
      bundler.onResolve({ filter: /^pixie:/ }, ({ path }) => ({ path, namespace: "pixie", sideEffects: false }));
      bundler.onLoad({ filter: /.*/, namespace: "pixie" }, ({ path }) => ({
        contents: virtual[path](),
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
    define: { __WBINDGEN_START__: short("__wbindgen_start"), __CLIENT_ASK__: short("ask") },
    logLevel: "warning",
  };
  const template = join(root, "pkg-template");
  await build({ ...options, entryPoints: ["index", "slim", "pkce"].map((name) => join(template, `${name}.js`)), plugins: [plugin] });
  await build({ ...options, entryPoints: { "auth-error": join(root, "src", "bindings", "auth_error.js") } });
  writeFileSync(join(outdir, "pixie_auth_bg.wasm"), client);
}
