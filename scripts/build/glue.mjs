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

/** @param {string} glue @param {string} from @param {string} to @returns {string} the text from one mark up to another */
function between(glue, from, to) {
  const start = glue.indexOf(from);
  const end = glue.indexOf(to, start);
  if (start < 0 || end < 0) throw new Error(`the glue has no ${from.trim()}`);
  return glue.slice(start, end);
}

/** @param {string} glue */
export function trimmed(glue) {
  /** @type {[string, string][]} */
  const pieces = [
    // By a loop, where a call of the host's encoder or decoder would take longer: most texts are names.
    [
      functionText(glue, "passStringToWasm0"),
      `
function passStringToWasm0(arg, malloc) {
  const buf = arg.length > 99 || /[^\\0-\\x7f]/.test(arg) ? cachedTextEncoder.encode(arg) : arg;
  const ptr = malloc(WASM_VECTOR_LEN = buf.length, 1) >>> 0;
  const bytes = getUint8ArrayMemory0();
  if (buf === arg) for (let at = 0; at < WASM_VECTOR_LEN; at++) bytes[ptr + at] = arg.charCodeAt(at);
  else bytes.set(buf, ptr);
  return ptr;
}
`,
    ],
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
    // Another view where the memory has grown: the old one is empty then.
    [
      functionText(glue, "getUint8ArrayMemory0"),
      "\nconst getUint8ArrayMemory0 = () => (cachedUint8ArrayMemory0.length ? cachedUint8ArrayMemory0 : (cachedUint8ArrayMemory0 = new Uint8Array(wasm.memory.buffer)));\n",
    ],
    ["let cachedUint8ArrayMemory0 = null;", "let cachedUint8ArrayMemory0 = new Uint8Array();"],
    [functionText(glue, "getDataViewMemory0"), ""],
    ["let cachedDataViewMemory0 = null;", ""],
    // A Safari that could not decode more than 2 GB with one decoder.
    [functionText(glue, "decodeText"), ""],
    ["cachedTextDecoder.decode();\nconst MAX_SAFARI_DECODE_BYTES = 2146435072;\nlet numBytesDecoded = 0;\n", ""],
    // Every host with modules in workers has encodeInto.
    [between(glue, "if (!('encodeInto' in cachedTextEncoder)) {", "let WASM_VECTOR_LEN"), ""],
  ];
  for (const [piece, instead] of pieces) {
    if (glue.split(piece).length !== 2) throw new Error(`the glue has not once: ${piece.slice(0, 60)}`);
    glue = glue.replace(piece, () => instead);
  }
  const { glue: short, found } = wrapped(direct(glue));
  if (found < 20) throw new Error(`the glue has only ${found} functions that are written as expected`);
  // A function that stays as it was may need what was taken out: it would fail when it is first called.
  const missing = /^.*getDataViewMemory0.*$/m.exec(short);
  if (missing) throw new Error(`the glue needs what was taken out of it: ${missing[0].trim()}`);
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

/** How it gives the result: as it is, as an object on the heap, or as a text where the first argument points. @type {[string, RegExp][]} */
const RESULTS = [
  ["v", /^(?:const ret = )?(.*);(?:\nreturn ret;)?$/],
  ["r", /^const ret = (.*);\nreturn addHeapObject\(ret\);$/],
  [
    "w",
    /^const ret = (.*);\nvar ptr1 = isLikeNone\(ret\) \? 0 : passStringToWasm0\(ret, .*\);\nvar len1 = WASM_VECTOR_LEN;\ngetDataViewMemory0\(\)\.setInt32\(\(arg0 >>> 0\) \+ 4 \* 1, len1, true\);\ngetDataViewMemory0\(\)\.setInt32\(\(arg0 >>> 0\) \+ 4 \* 0, ptr1, true\);$/,
  ],
];

/**
 * One function in place of the many that the module calls, told by letters what each does. A call is a function, or
 * the name of a method of the first argument.
 */
const WRAP = `
const wrap = ([result, ...kinds], call) => (...args) => {
  let at = 0;
  const next = () => args[at++];
  const out = result === "w" && next();
  const given = kinds.map((kind) => {
    const arg = next();
    if (kind === "o") return getObject(arg);
    if (kind === "t") return takeObject(arg);
    if (kind === "b") return !!arg;
    if (kind === "n") return arg;
    const other = next();
    return arg ? (kind === "s" ? getStringFromWasm0(arg, other) : other) : undefined;
  });
  const ret = call.at ? given.shift()[call](...given) : call(...given);
  if (result === "v") return ret;
  if (result === "r") return ret === undefined ? 1024 : addHeapObject(ret);
  const pointer = isLikeNone(ret) ? 0 : passStringToWasm0(ret, wasm.__wbindgen_malloc);
  new Uint32Array(wasm.memory.buffer).set([pointer, WASM_VECTOR_LEN], out / 4);
};
`;

/** The arguments of a call: parted at the commas that are in no brackets. @param {string} text */
const parts = (text) => [...text.matchAll(/(?:\([^()]*\)|[^,()])+/g)].map(([part]) => part.trim());

/**
 * The functions that the module calls, as calls of `wrap`. What is written in a way that is not known here stays.
 * @param {string} glue
 */
export function wrapped(glue) {
  let found = 0;
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
      if (kinds.includes(undefined) || [...(result === "w" ? ["arg0"] : []), ...read].join(", ") !== parameters) continue;
      found += 1;
      const target = object ? JSON.stringify(callee) : made ? `(...args) => new ${callee}(...args)` : callee;
      // Called for nearly every value, and with nothing to convert.
      if (callee === "takeObject") return `export const ${name} = ${callee};\n`;
      return `export const ${name} = wrap("${result}${kinds.join("")}", ${target});\n`;
    }
    return text;
  });
  const start = short.indexOf("export ");
  return { glue: short.slice(0, start) + WRAP + short.slice(start), found };
}
