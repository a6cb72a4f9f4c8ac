// @ts-check
// Makes panics trap at once: the functions that never return lose their bodies, and wasm-opt then drops the
// message formatting and the hook machinery that only they reached. On stable Rust this is what
// `-Zbuild-std` with immediate-abort would do. A panic is a bug here either way: src/ is linted against them.

/** Functions that never return: the ends of every panic. Names as wasm-bindgen demangles them, without hashes. */
const DIVERGING = [
  /^core::panicking::/,
  /^core::option::(unwrap|expect)_failed$/,
  /^core::result::unwrap_failed$/,
  /^core::cell::panic_already_/,
  /^core::slice::(index|copy_from_slice_impl)::.*(fail|len_mismatch)/,
  /^core::slice::index::slice_.*_fail/,
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
];

/** Without the hashes of crates and symbols: core[c5930c85a12de822]::panicking → core::panicking. */
export const plainName = (/** @type {string} */ name) => name.replace(/\[[0-9a-f]{16}\]/g, "").replace(/::h[0-9a-f]{16}$/, "");

/**
 * @param {typeof import("binaryen").default} binaryen
 * @param {Uint8Array} bytes a module with its name section
 * @returns {{ bytes: Uint8Array, snipped: string[] }}
 */
export function snip(binaryen, bytes) {
  const module = binaryen.readBinary(bytes);
  // What Rust's wasm32-unknown-unknown has on by default; `All` would let the writer use newer encodings.
  const { BulkMemory, BulkMemoryOpt, CallIndirectOverlong, MutableGlobals, NontrappingFPToInt, SignExt, ReferenceTypes, Multivalue } = binaryen.Features;
  module.setFeatures(BulkMemory | BulkMemoryOpt | CallIndirectOverlong | MutableGlobals | NontrappingFPToInt | SignExt | ReferenceTypes | Multivalue);
  const snipped = [];
  for (let index = 0; index < module.getNumFunctions(); index += 1) {
    const reference = module.getFunctionByIndex(index);
    const { name, module: imported } = binaryen.getFunctionInfo(reference);
    const plain = plainName(name);
    if (imported || !DIVERGING.some((pattern) => pattern.test(plain))) continue;
    binaryen.Function.setBody(reference, module.unreachable());
    snipped.push(plain);
  }
  const result = module.emitBinary();
  module.dispose();
  return { bytes: result, snipped };
}
