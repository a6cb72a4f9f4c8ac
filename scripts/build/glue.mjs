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
    // The encoder alone: the loop before it is for long texts in hosts whose encoder is slow.
    [
      functionText(glue, "passStringToWasm0"),
      `
function passStringToWasm0(arg, malloc) {
  const buf = cachedTextEncoder.encode(arg);
  const ptr = malloc(buf.length, 1) >>> 0;
  getUint8ArrayMemory0().set(buf, ptr);
  WASM_VECTOR_LEN = buf.length;
  return ptr;
}
`,
    ],
    // A Safari that could not decode more than 2 GB with one decoder.
    [functionText(glue, "decodeText"), "\nfunction decodeText(bytes) {\n  return cachedTextDecoder.decode(bytes);\n}\n"],
    // Every host with modules in workers has encodeInto.
    [between(glue, "if (!('encodeInto' in cachedTextEncoder)) {", "let WASM_VECTOR_LEN"), ""],
    // Nobody frees the client by hand: the class around it does not show it, and the garbage collector does.
    [between(glue, "    __destroy_into_raw() {", "    /**\n     * Asks for something."), ""],
    ["if (Symbol.dispose) Client.prototype[Symbol.dispose] = Client.prototype.free;", ""],
  ];
  for (const [piece, instead] of pieces) {
    if (glue.split(piece).length !== 2) throw new Error(`the glue has not once: ${piece.slice(0, 60)}`);
    glue = glue.replace(piece, () => instead);
  }
  return glue;
}
