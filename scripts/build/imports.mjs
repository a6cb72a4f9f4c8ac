// @ts-check
// What each of the two modules imports, as the JavaScript that gives it.
import { SECOND } from "./split.mjs";

/** @typedef {import("./modules.mjs").Names} Names */
/** @typedef {import("./modules.mjs").SecondNames} SecondNames */

const GLUE = "./pixie_auth_bg.js";

/**
 * wasm-bindgen's glue, with the short names of the module's exports.
 * @param {string} glue
 * @param {Names} names
 */
export function shortened(glue, names) {
  for (const [name, short] of names.exports) {
    // Rust's names, by which the second module knows main's functions, are nothing that the glue could say.
    if (!/^\w+$/.test(name)) continue;
    glue = glue.replaceAll(new RegExp(`\\bwasm\\.${name}\\b`, "g"), () => `wasm.${short}`);
  }
  return glue;
}

/** Whether the glue calls an export of main's. @param {string} glue @param {string} name */
export const isOfGlue = (glue, name) => /^\w+$/.test(name) && new RegExp(`\\bwasm\\.${name}\\b`).test(glue);

/**
 * Imports in the order of their numbers, by which they have their places in an array: at its end what the second module
 * has.
 * @param {import("./modules.mjs").Import[]} imports
 */
export function inOrder(imports) {
  const isFar = (/** @type {import("./modules.mjs").Import} */ [module]) => module === SECOND;
  return [...imports.filter((one) => !isFar(one)), ...imports.filter(isFar)];
}

/** A function that the module calls, as the glue writes it: taken out of the glue where it has a line of its own. @param {string} glue @param {string} name */
function taken(glue, name) {
  const [line, call] = new RegExp(`^export const ${name} = (.*);\n`, "m").exec(glue) ?? [];
  return line ? { rest: glue.replace(line, () => ""), call } : { rest: glue, call: undefined };
}

/**
 * Whether a function that only the second module calls can be in its file. What works on main's heap by itself, and not
 * by main's `wrap`, cannot: it stays in main's glue.
 * @param {string} glue @param {string} module @param {string} name
 */
export function standsAlone(glue, module, name) {
  if (module !== GLUE) return true;
  const { call } = taken(glue, name);
  if (!call?.startsWith("wrap(")) return false;
  const ofGlue = [...glue.matchAll(/^(?:export )?(?:const|let|function) (\w+)/gm)].map(([, one]) => one);
  return !ofGlue.some((one) => one !== "wrap" && mentions(call, one));
}

/**
 * The arguments of a call from one module into the other, as many as any function there has (split.mjs looks after that): to
 * gather and spread them takes a microsecond.
 */
export const FAR = [..."abcdefghi"];

/**
 * The glue with main's imports as an array, by their numbers. What main imports comes from the glue, which then has it
 * in that array and nowhere else; functions that need no conversion come straight from the JavaScript beside the Rust
 * that declares them. What the second module has is called there: before it is loaded, that throws.
 * @param {string} glue
 * @param {Names} names in the order of `inOrder`
 * @param {SecondNames} second
 */
export function mainImports(glue, names, { lent }) {
  const lines = [];
  const near = names.imports.filter(([module]) => module !== SECOND);
  const first = near.length;
  const members = [...near, ...lent].map(([module, name], index) => {
    if (module !== GLUE) {
      lines.push(`import { ${name} as direct${index} } from ${JSON.stringify(module)};`);
      return `direct${index}`;
    }
    const { rest, call } = taken(glue, name);
    glue = rest;
    return call ?? name;
  });
  const far = `...Array.from({ length: ${names.imports.length - first} }, (_, index) => (${FAR}) => second[${first} + index](${FAR}))`;
  members.splice(first, 0, far);
  // The rest is called by the second module alone, or by none: the bundler could not tell that it may go.
  const rest = glue.replace(/^export const __wb\w+ = wrap\(.*\);\n/gm, "");
  return `${lines.join("\n")}
${rest}
let second;
export const imports = { a: [${members.join(", ")}] };
export const extend = async (open) => {
  second = await open(wasm, imports.a, wrap);
};
`;
}

/**
 * A module that makes the imports that only the second module has. It is given main's `wrap`: there is one heap of
 * JavaScript's values, and it is in main's glue.
 * @param {string} glue
 * @param {SecondNames} names
 */
export function secondImports(glue, { own }) {
  const members = [];
  const lines = [];
  for (const [index, [module, name]] of own.entries()) {
    let value;
    if (module === GLUE) {
      value = taken(glue, name).call;
    } else {
      value = `direct${index}`;
      lines.push(`import { ${name} as ${value} } from ${JSON.stringify(module)};`);
    }
    members.push(value);
  }
  // What the calls name comes from beside the Rust, or from the host.
  const text = members.join(", ");
  for (const [, list, from] of glue.matchAll(/^import \{ (.*) \} from (.*);$/gm)) {
    const used = list.split(", ").filter((name) => mentions(text, name));
    if (used.length > 0) lines.push(`import { ${used.join(", ")} } from ${from};`);
  }
  return `${lines.join("\n")}\nexport const imports = (wrap) => [${text}];\n`;
}

/** Whether a program's text names something outside its strings. @param {string} text @param {string} name */
const mentions = (text, name) => new RegExp(`(?<![\\w.])${name}\\b`).test(text.replace(/"[^"]*"/g, '""'));
