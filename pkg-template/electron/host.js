// @ts-check
// What Electron's main process lacks of a page's host, put in at its place when main.cjs is made: Node 16 has no global
// `crypto`, and nobody tells a process that the machine has woken.
import { webcrypto } from "node:crypto";

export const crypto = /** @type {Crypto} */ (/** @type {unknown} */ (globalThis["crypto"] ?? webcrypto));

/** @type {Map<string, Set<(event: { type: string }) => void>>} */
const listeners = new Map();

/** @param {string} type @param {(event: { type: string }) => void} listener */
export function addEventListener(type, listener) {
  const all = listeners.get(type) ?? new Set();
  listeners.set(type, all.add(listener));
}

/** @param {string} type @param {(event: { type: string }) => void} listener */
export function removeEventListener(type, listener) {
  listeners.get(type)?.delete(listener);
}

/** Tells whoever listens: `online` when times may be better than they were. @param {string} type */
export function tell(type) {
  for (const listener of [...(listeners.get(type) ?? [])]) listener({ type });
}
