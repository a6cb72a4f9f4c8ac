// @ts-check
// What a WebAssembly module is made of, read off the file itself: how long its sections are and each function's body.

const CODE = 10;
const DATA = 11;
const FUNCTION_NAMES = 1;

/**
 * @typedef {{ name: string, bytes: number }} NamedFunction
 * @typedef {{ raw: number, code: number, data: number, rest: number }} Sections
 */

/** Bytes read from front to back. */
export class Reader {
  /** @param {Uint8Array} bytes @param {number} [at] */
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get ended() {
    return this.at >= this.bytes.length;
  }

  byte() {
    if (this.ended) throw new Error("the module ends in the middle of something");
    return this.bytes[this.at++];
  }

  /** An unsigned LEB128 number. */
  number() {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  text() {
    const length = this.number();
    return new TextDecoder().decode(this.bytes.subarray(this.at, (this.at += length)));
  }
}

/** @param {Uint8Array} bytes @returns {Generator<{ id: number, length: number, content: Uint8Array }>} */
export function* sectionsOf(bytes) {
  const reader = new Reader(bytes, 8);
  while (!reader.ended) {
    const from = reader.at;
    const id = reader.byte();
    const size = reader.number();
    const content = bytes.subarray(reader.at, reader.at + size);
    reader.at += size;
    yield { id, length: reader.at - from, content };
  }
}

/** @param {Uint8Array} bytes @returns {Sections} */
export function sections(bytes) {
  const found = { code: 0, data: 0 };
  for (const { id, length } of sectionsOf(bytes)) {
    if (id === CODE) found.code += length;
    if (id === DATA) found.data += length;
  }
  return { raw: bytes.length, ...found, rest: bytes.length - found.code - found.data };
}

/** The length of each body as it lies in the file, by position. @param {Uint8Array} bytes */
function bodies(bytes) {
  const lengths = [];
  for (const { id, content } of sectionsOf(bytes)) {
    if (id !== CODE) continue;
    const reader = new Reader(content);
    for (let count = reader.number(); count > 0; count -= 1) {
      const from = reader.at;
      const size = reader.number();
      reader.at += size;
      lengths.push(reader.at - from);
    }
  }
  return lengths;
}

/** Names by the function's index, which counts the imported ones first. @param {WebAssembly.Module} module */
function functionNames(module) {
  const names = new Map();
  for (const section of WebAssembly.Module.customSections(module, "name")) {
    const reader = new Reader(new Uint8Array(section));
    while (!reader.ended) {
      const kind = reader.byte();
      const size = reader.number();
      const next = reader.at + size;
      if (kind === FUNCTION_NAMES) {
        for (let count = reader.number(); count > 0; count -= 1) names.set(reader.number(), reader.text());
      }
      reader.at = next;
    }
  }
  return names;
}

/**
 * The module's own functions, the largest first.
 * @param {Uint8Array} bytes
 * @returns {Promise<NamedFunction[]>}
 */
export async function namedFunctions(bytes) {
  const module = await WebAssembly.compile(/** @type {BufferSource} */ (bytes));
  const names = functionNames(module);
  if (names.size === 0) throw new Error("the module has no names of functions, so the largest cannot be told");
  const imported = WebAssembly.Module.imports(module).filter(({ kind }) => kind === "function").length;
  return bodies(bytes)
    .map((length, position) => ({ name: names.get(imported + position) ?? "", bytes: length }))
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
}
