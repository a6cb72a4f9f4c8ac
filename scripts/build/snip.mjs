// @ts-check
// Makes panics trap at once: the functions that never return lose their bodies, and wasm-opt then drops the
// message formatting and the hook machinery that only they reached. On stable Rust this is what
// `-Zbuild-std` with immediate-abort would do. A panic is a bug here either way: src/ is linted against them.

/** The ends of every panic, and what makes its message. Names as wasm-bindgen demangles them, without hashes. */
const PANICKING = [
  /^core::panicking::/,
  /^core::option::(unwrap|expect)_failed$/,
  /^core::result::unwrap_failed$/,
  /^core::cell::panic_already_/,
  /^core::slice::(index|copy_from_slice_impl)::.*(fail|len_mismatch)/,
  /^core::slice::index::slice_.*_fail/,
  /^<alloc::vec::Vec<.*>>::(swap_)?remove::assert_failed$/,
  /^core::str::slice_error_fail/,
  /^alloc::raw_vec::(handle_error|capacity_overflow)$/,
  /^alloc::alloc::handle_alloc_error$/,
  /^std::panicking::/,
  /^std::alloc::(rust_oom|default_alloc_error_hook)/,
  /^std::process::abort/,
  /^std::sys::.*abort/,
  /rust_begin_unwind$/,
  /rust_panic/,
  /__rust_start_panic$/,
  /__rust_abort$/,
  // Only a panic's message is formatted here: src/ writes its few numbers itself.
  /core::fmt::/,
  /(FormatString|StaticStr|panicking::begin_panic::)Payload/,
  /as core::any::Any>::type_id$/,
  // Misuse of the glue, which is ours alone.
  /^wasm_bindgen::throw_str$/,
  // No function of Rust's is given to JavaScript.
  /^wasm_bindgen::convert::closures::_::invoke$/,
];

/** What the standard library's panics say, and the digits with which it writes numbers. */
const PANIC_TEXTS = new RegExp(
  [
    "slice index starts at ",
    " but ends at ",
    "range (start|end) index ",
    " out of range for slice of length ",
    "memory allocation of ",
    " bytes failed",
    "removal index \\(is ",
    "swap_remove index \\(is ",
    "\\) should be < len \\(is ",
    "copy_from_slice: source slice length \\(",
    "\\) does not match destination slice length \\(",
    "mid > len",
    "Tried to shrink to a larger capacity",
    "capacity overflow",
    "reentrant init",
    "RefCell already (mutably )?borrowed",
    "attempted to take ownership of Rust value while it was borrowed",
    "null pointer passed to rust",
    "recursive use of an object detected which would lead to unsafe aliasing in rust",
    "closure invoked recursively or after being dropped",
    "000102030405.{180}96979899",
  ].join("|"),
  "g",
);

/** Without the hashes of crates and symbols: core[c5930c85a12de822]::panicking → core::panicking. */
export const plainName = (/** @type {string} */ name) => name.replace(/\[[0-9a-f]{16}\]/g, "").replace(/::h[0-9a-f]{16}$/, "");

/**
 * @param {typeof import("binaryen").default} binaryen
 * @param {Uint8Array} bytes a module with its name section
 * @param {string} glue what calls the module: exports that it does not name are taken away
 * @returns {{ bytes: Uint8Array, snipped: string[] }}
 */
export function snip(binaryen, bytes, glue) {
  const module = binaryen.readBinary(bytes);
  // What Rust's wasm32-unknown-unknown has on by default; `All` would let the writer use newer encodings.
  const { BulkMemory, BulkMemoryOpt, CallIndirectOverlong, MutableGlobals, NontrappingFPToInt, SignExt, ReferenceTypes, Multivalue } = binaryen.Features;
  module.setFeatures(BulkMemory | BulkMemoryOpt | CallIndirectOverlong | MutableGlobals | NontrappingFPToInt | SignExt | ReferenceTypes | Multivalue);
  const snipped = [];
  for (let index = 0; index < module.getNumFunctions(); index += 1) {
    const reference = module.getFunctionByIndex(index);
    const { name, module: imported } = binaryen.getFunctionInfo(reference);
    const plain = plainName(name);
    if (imported || !PANICKING.some((pattern) => pattern.test(plain))) continue;
    binaryen.Function.setBody(reference, module.unreachable());
    snipped.push(plain);
  }
  for (let index = module.getNumExports() - 1; index >= 0; index -= 1) {
    const { name } = binaryen.getExportInfo(module.getExportByIndex(index));
    if (name !== "__wbindgen_start" && !new RegExp(`\\bwasm\\.${name}\\b`).test(glue)) module.removeExport(name);
  }
  // The functions' names stay, for `npm run size`.
  binaryen.setDebugInfo(true);
  const result = module.emitBinary();
  module.dispose();
  scrub(result);
  return { bytes: result, snipped };
}

/**
 * Overwrites what only panics read: their texts, and the places that they name (an address, a length, a line and
 * a column each). The zeros cost nothing once they are compressed.
 * @param {Uint8Array} bytes
 */
export function scrub(bytes) {
  for (const { address, start, end } of dataSegments(bytes)) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
    /** @type {[number, number][]} */
    const files = [];
    for (const { index, 0: file } of text.toString("latin1").matchAll(/[\w./-]+?\.rs(?=\0|[^\w])/g)) files.push([index, file.length]);
    for (const [index, length] of files) {
      for (let at = (4 - (address % 4)) % 4; at + 16 <= view.byteLength; at += 4) {
        const pointer = view.getUint32(at, true) - address;
        // A path's beginning may belong to the text before it, so it is the end that has to agree.
        if (pointer >= index && pointer + view.getUint32(at + 4, true) === index + length) text.fill(0, at, at + 16);
      }
      text.fill(0, index, index + length);
    }
    for (const { index, 0: part } of text.toString("latin1").matchAll(PANIC_TEXTS)) text.fill(0, index, index + part.length);
  }
}

/** The active data segments: their address in memory and where they lie in the file. @param {Uint8Array} bytes */
export function* dataSegments(bytes) {
  let at = 8;
  const number = () => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const next = number() + at;
    if (section === 11) {
      for (let count = number(); count > 0; count -= 1) {
        const flags = number();
        // flags 0, i32.const address, end
        if (flags !== 0 || bytes[at++] !== 0x41) throw new Error("a data segment of a kind that rustc did not use to make");
        const address = number();
        if (bytes[at++] !== 0x0b) throw new Error("a data segment whose address is computed");
        const length = number();
        yield { address, start: at, end: at + length };
        at += length;
      }
    }
    at = next;
  }
}
