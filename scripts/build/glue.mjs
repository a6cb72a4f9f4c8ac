// @ts-check
// wasm-bindgen's glue without what our hosts do not need. Each piece is looked for word by word: a release of
// wasm-bindgen that writes it otherwise fails the build instead of shipping something unexpected.

/** @param {string} glue @param {string} name @returns {string} a function's whole text */
function functionText(glue, name) {
  const start = glue.indexOf(`\nfunction ${name}(`);
  const end = glue.indexOf("\n}\n", start);
  if (start < 0 || end < 0) throw new Error(`the glue has no function ${name}`);
  return glue.slice(start, end + 3);
}

/** @param {string} glue */
export function trimmed(glue) {
  /** @type {[string, string][]} */
  const pieces = [
    // By a loop, where a call of the host's decoder would take longer: most texts are names.
    [
      functionText(glue, "getStringFromWasm0"),
      `
function getStringFromWasm0(ptr, len) {
  const bytes = getUint8ArrayMemory0();
  let text = "";
  for (let at = ptr >>>= 0; at < ptr + len; at++) {
    if (len > 40 || bytes[at] > 127) return cachedTextDecoder.decode(bytes.subarray(ptr, ptr + len));
    text += String.fromCharCode(bytes[at]);
  }
  return text;
}
`,
    ],
    [
      functionText(glue, "getArrayU8FromWasm0"),
      "\nconst getArrayU8FromWasm0 = (ptr, len) => getUint8ArrayMemory0().subarray((ptr >>>= 0), ptr + len);\n",
    ],
    // Another view where the memory has grown: the old one is empty then.
    [
      functionText(glue, "getUint8ArrayMemory0"),
      "\nconst getUint8ArrayMemory0 = () => (cachedUint8ArrayMemory0.length ? cachedUint8ArrayMemory0 : (cachedUint8ArrayMemory0 = new Uint8Array(wasm.memory.buffer)));\n",
    ],
    ["let cachedUint8ArrayMemory0 = null;", "let cachedUint8ArrayMemory0 = new Uint8Array();"],
    // A Safari that could not decode more than 2 GB with one decoder.
    [functionText(glue, "decodeText"), ""],
    ["cachedTextDecoder.decode();\nconst MAX_SAFARI_DECODE_BYTES = 2146435072;\nlet numBytesDecoded = 0;\n", ""],
  ];
  for (const [piece, instead] of pieces) {
    if (glue.split(piece).length !== 2) throw new Error(`the glue has not once: ${piece.slice(0, 60)}`);
    glue = glue.replace(piece, () => instead);
  }
  const { glue: short, found } = wrapped(direct(glue));
  if (found < 20) throw new Error(`the glue has only ${found} functions that are written as expected`);
  // Texts come into the module by json.rs's `taken`: another way would be as much again.
  const other = /^.*passStringToWasm0.*$/m.exec(short);
  if (other) throw new Error(`a text is passed to the module: ${other[0].trim()}`);
  return short;
}

/**
 * The functions that call the module, without conversions that the host does by itself, and without the way out for
 * a text that cannot be passed: the module gives memory, or traps.
 * @param {string} glue
 */
function direct(glue) {
  return glue
    .replace(/ {4}try \{\n((?:.*\n)*?) {4}\} catch \(e\) \{\n(?:.*\n)*? {8}throw e;\n {4}\}\n/g, "$1")
    .replaceAll(", wasm.__wbindgen_realloc)", ")")
    .replace(/^export function \w+\(.*\) \{\n {4}const val(?:.*\n)*?\}\n/gm, (text) => {
      const values = new Map([...text.matchAll(/const (val\d+) = \+(\w+);\n/g)].map(([, value, name]) => [value, name]));
      return text.replace(/ {4}const val.*\n/g, "").replace(/\bval\d+\b/g, (value) => values.get(value) ?? value);
    });
}

/** How the glue reads an argument, by the letters of `wrap` below. @type {[string, RegExp][]} */
const ARGUMENTS = [
  ["o", /^getObject\(arg\d+\)$/],
  ["t", /^takeObject\(arg\d+\)$/],
  ["s", /^(arg\d+ === 0 \? undefined : )?getStringFromWasm0\(arg\d+, arg\d+\)$/],
  ["m", /^arg\d+ === 0 \? undefined : arg\d+$/],
  ["b", /^arg\d+ !== 0$/],
  ["n", /^arg\d+(?: >>> 0)?$/],
];

/** How it gives the result: as it is, as an object on the heap, or as one that may be none. @type {[string, RegExp][]} */
const RESULTS = [
  ["v", /^(?:const ret = )?(.*);(?:\nreturn ret;)?$/],
  ["r", /^const ret = (.*);\nreturn addHeapObject\(ret\);$/],
  ["q", /^const ret = (.*);\nreturn isLikeNone\(ret\) \? 0 : addHeapObject\(ret\);$/],
];

/**
 * One function in place of the many that the module calls, told by letters what each does. A call is a function, or
 * the name of a method of the first argument.
 */
const WRAP = `
const give = (ret, none = 1024) => (ret === undefined ? none : addHeapObject(ret));
const wrap = ([result, ...kinds], call) => (...args) => {
  let at = 0;
  const given = [];
  for (const kind of kinds) {
    const arg = args[at++];
    given.push(
      kind === "o" ? getObject(arg)
      : kind === "s" ? (at++, arg ? getStringFromWasm0(arg, args[at - 1]) : undefined)
      : kind === "n" ? arg
      : kind === "b" ? !!arg
      : kind === "t" ? takeObject(arg)
      : (at++, arg ? args[at - 1] : undefined)
    );
  }
  const ret = call.at ? given.shift()[call](...given) : call(...given);
  return result === "v" ? ret : give(ret);
};
`;

/** The same written out. @param {string} result @param {(string | undefined)[]} kinds @param {string} callee */
function written(result, kinds, callee) {
  const names = [..."abcdefgh"];
  const next = () => /** @type {string} */ (names.shift());
  /** @type {string[]} */
  const parameters = [];
  const given = kinds.map((kind) => {
    const one = kind === "s" ? [next(), next()] : [next()];
    parameters.push(...one);
    return { s: `getStringFromWasm0(${one})`, o: `getObject(${one})`, b: `!!${one}`, n: one }[/** @type {string} */ (kind)];
  });
  const call = `${callee}(${given})`;
  return `(${parameters}) => ${{ v: call, r: `give(${call})`, q: `give(${call}, 0)` }[result]}`;
}

/** The arguments of a call: parted at the commas that are in no brackets. @param {string} text */
const parts = (text) => [...text.matchAll(/(?:\([^()]*\)|[^,()])+/g)].map(([part]) => part.trim());

/**
 * The functions that the module calls, as calls of `wrap`. What is written in a way that is not known here stays.
 * @param {string} glue
 */
export function wrapped(glue) {
  let found = 0;
  const [, names = ""] = /^import \{ (.*) \} from '.*\/json\.js';$/m.exec(glue) ?? [];
  const ofJson = names.split(", ");
  const short = glue.replace(/^export function (__wb\w+)\(([^()]*)\) \{\n((?:.*\n)*?)\}\n/gm, (text, name, parameters, body) => {
    const lines = body.split("\n").map((/** @type {string} */ line) => line.trim());
    const code = lines.filter((/** @type {string} */ line) => line && !line.startsWith("//")).join("\n");
    for (const [result, pattern] of RESULTS) {
      const [, call = ""] = pattern.exec(code) ?? [];
      const [, made, object, callee, list] = /^(new )?(getObject\(arg\d+\)\.)?(\w+)\((.*)\)$/.exec(call) ?? [];
      if (!callee) continue;
      const given = [...(object ? [object.slice(0, -1)] : []), ...parts(list)];
      const kinds = given.map((one) => ARGUMENTS.find(([, how]) => how.test(one))?.[0]);
      // Each argument of the module's once, and in their order.
      const read = [...new Set(given.flatMap((one) => one.match(/arg\d+/g) ?? []))];
      if (kinds.includes(undefined) || read.join(", ") !== parameters) continue;
      const target = object ? JSON.stringify(callee) : made ? `(...args) => new ${callee}(...args)` : callee;
      // Called for each member of each JSON: as many arguments as there are make the host's call a short one.
      const isShort = ofJson.includes(callee) && !given.some((one) => one.includes("?"));
      if (result === "q" && !isShort) continue;
      found += 1;
      // Called for nearly every value, and with nothing to convert.
      if (callee === "takeObject") return `export const ${name} = ${callee};\n`;
      if (isShort) return `export const ${name} = ${written(result, kinds, callee)};\n`;
      return `export const ${name} = wrap("${result}${kinds.join("")}", ${target});\n`;
    }
    return text;
  });
  const start = short.indexOf("export ");
  return { glue: short.slice(0, start) + WRAP + short.slice(start), found };
}
