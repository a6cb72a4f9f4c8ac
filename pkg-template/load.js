// @ts-check
// Loading the modules: each once, when it is first needed, and again after a failure.
/* global __CLIENT_ASK__, __WBINDGEN_START__ */
import { __wbg_set_wasm, extend, imports } from "pixie:glue";
import { AuthError } from "pixie:auth-error";

/** @typedef {WebAssembly.Module | BufferSource | Response | URL | string} Source */

/** @type {() => Source} */
let standard;

/** Says where the module comes from when nobody says otherwise. @param {() => Source} source */
export function provide(source) {
  standard = source;
}

/**
 * A load that whoever comes later shares with the first; one that failed is forgotten.
 * @template T @param {(source?: Source | Promise<Response>) => Promise<T>} work
 */
function once(work) {
  /** @type {Promise<T> | undefined} */
  let loading;
  return (/** @type {Source | Promise<Response>} */ source) =>
    (loading ??= work(source).catch((cause) => {
      loading = undefined;
      // Nothing is loaded any more in a window that is being closed, as a popup is once its redirect was taken. Its program
      // is not to report that as a failure.
      if (globalThis.closed) return new Promise(() => {});
      const error = new AuthError("wasm_load_failed", "retry", "the module could not be loaded");
      error.cause = cause;
      throw error;
    }));
}

/** Loads the module. */
export const init = once(load);

/**
 * Loads what few programs need, onto the module that is loaded, and gives the file that it came with. To be waited for
 * before anything is asked of it.
 */
export const seldom = once(async () => {
  // A constant: bundlers see by it that the file belongs to the program.
  const part = await import("./seldom.js");
  await extend(part.open);
  return part;
});

/** Loads what signs in in another window. */
export const windows = once(() => import("./window-login.js"));

/** @param {Source | Promise<Response>} [given] */
async function load(given) {
  let source = await (given ?? standard());
  if (typeof source === "string" || source instanceof URL) source = await fetch(source);
  if ("arrayBuffer" in source) {
    // Read whole: instantiateStreaming insists on a MIME type that many servers do not send.
    if (source.ok === false) throw new Error(`status ${source.status}`);
    source = await source.arrayBuffer();
  }
  const result = await WebAssembly.instantiate(/** @type {BufferSource} */ (source), imports);
  const { exports } = "instance" in result ? /** @type {WebAssembly.WebAssemblyInstantiatedSource} */ (result).instance : result;
  // @ts-ignore: the short names of exports, put in by the assembly.
  if (!exports[__CLIENT_ASK__]) throw new Error("another module");
  __wbg_set_wasm(exports);
  // @ts-ignore: there may be nothing to start.
  exports[__WBINDGEN_START__]?.();
}
