// @ts-check
// What the main process remembers: in a file that the system's keyring has the key of, or in memory.
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** @typedef {{ get(key: string): string | null, set(key: string, value: string): void, remove(key: string): void }} Store */

/** @returns {Store} */
export function memoryStore() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return { get: (key) => kept.get(key) ?? null, set: (key, value) => void kept.set(key, value), remove: (key) => void kept.delete(key) };
}

/**
 * Whether the keyring keeps a secret from others: on Linux Electron falls back to a key that is in every copy of it
 * (`basic_text`), and tells only by this name. Electron 22 has no name for it: there the fallback does not count as available.
 * @param {any} safeStorage Electron's
 * @param {string} [platform]
 */
export function hasKeyring(safeStorage, platform = process.platform) {
  if (!safeStorage.isEncryptionAvailable()) return false;
  const backend = platform === "linux" ? safeStorage.getSelectedStorageBackend?.() : undefined;
  return backend !== "basic_text" && backend !== "unknown";
}

/**
 * A file, written anew as a whole with every change, that only this user can read.
 * @param {string} path
 * @param {{ encrypt(text: string): Buffer, decrypt(bytes: Buffer): string }} cipher
 * @returns {Store}
 */
export function fileStore(path, { encrypt, decrypt }) {
  /** @type {Record<string, string>} */
  const kept = read(path);
  const write = () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const next = `${path}.${process.pid}.tmp`;
    // A crash in between leaves the file as it was.
    writeFileSync(next, JSON.stringify(kept), { mode: 0o600 });
    chmodSync(next, 0o600);
    renameSync(next, path);
  };
  return {
    get(key) {
      if (kept[key] === undefined) return null;
      try {
        return decrypt(Buffer.from(kept[key], "base64"));
      } catch {
        // Another user's keyring, or a new one: what is in here cannot be read any more.
        return null;
      }
    },
    set(key, value) {
      kept[key] = encrypt(value).toString("base64");
      write();
    },
    remove(key) {
      if (!(key in kept)) return;
      delete kept[key];
      write();
    },
  };
}

/** @param {string} path @returns {Record<string, string>} */
function read(path) {
  try {
    const kept = JSON.parse(readFileSync(path, "utf8"));
    const isWhole = typeof kept === "object" && kept !== null && Object.values(kept).every((value) => typeof value === "string");
    return isWhole ? Object.assign(Object.create(null), kept) : Object.create(null);
  } catch (error) {
    // What cannot be read is of no use; what cannot be opened may be tomorrow.
    if (error instanceof SyntaxError) rmSync(path, { force: true });
    return Object.create(null);
  }
}
