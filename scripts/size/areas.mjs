// @ts-check
// Which part of the project, or which library, a function of the module belongs to.

/** @typedef {import("./module.mjs").NamedFunction} NamedFunction */

const RUST = "Rust's library";
/** What every Rust program brings along, and what the compiler calls by name. */
const RUSTS_CRATES = new Set(["core", "alloc", "std", "compiler_builtins", "__rustc"]);
const TOOLS = "wasm-bindgen, js-sys";
/** wasm-bindgen's exports, and what it writes around an import, an export or a closure. */
const SHIM = /^__(?:wbindgen|wbg|externref)| externref shim\b| multivalue shim\b/;

/** The crates that a name speaks of, in its order: the beginnings of its paths. */
const cratesIn = (/** @type {string} */ name) => [...name.matchAll(/(?<![\w:])([a-z_]\w*)::/g)].map((match) => match[1]);

/**
 * A generic function of a library counts for the type of ours that it was made for: that is where it can be saved.
 * @param {string} name Without the compiler's hashes.
 */
export function areaOf(name) {
  const own = name.match(/\bpixie_auth::(?:(core)::)?(\w+)/);
  if (own) return `src/${own[1] ? "core/" : ""}${own[2]}`;
  if (SHIM.test(name)) return TOOLS;
  const crate = cratesIn(name).find((one) => !RUSTS_CRATES.has(one));
  if (crate) return ["wasm_bindgen", "js_sys"].includes(crate) ? TOOLS : crate;
  // The bindings' exports are named by class and method: client_new.
  if (/^[a-z]+_\w+$/.test(name)) return "src/bindings";
  // wasm-opt's own, made of pieces that several functions share.
  return name === "" || /^\d+$/.test(name) ? "without a name" : RUST;
}

/**
 * Bytes and functions of each area, the heaviest first.
 * @param {readonly NamedFunction[]} functions
 */
export function byArea(functions) {
  /** @type {Map<string, { area: string, bytes: number, functions: number }>} */
  const areas = new Map();
  for (const { name, bytes } of functions) {
    const area = areaOf(name);
    const sum = areas.get(area) ?? { area, bytes: 0, functions: 0 };
    sum.bytes += bytes;
    sum.functions += 1;
    areas.set(area, sum);
  }
  return [...areas.values()].sort((a, b) => b.bytes - a.bytes);
}
