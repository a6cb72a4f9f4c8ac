// @ts-check
// What the main process remembers: in a file that the system's keyring has the key of, or in memory.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
 * A file, written anew as a whole with every change, that only this user can read. It is read each time: another instance of the
 * app may have exchanged the refresh token.
 * @param {string} path
 * @param {{ encrypt(text: string): Buffer, decrypt(bytes: Buffer): string }} cipher
 * @returns {Store}
 */
export function fileStore(path, { encrypt, decrypt }) {
  return {
    get(key) {
      const sealed = read(path)[key];
      if (sealed === undefined) return null;
      try {
        return decrypt(Buffer.from(sealed, "base64"));
      } catch {
        // Another user's keyring, or a new one: what is in here cannot be read any more.
        return null;
      }
    },
    set(key, value) {
      write(path, { ...read(path), [key]: encrypt(value).toString("base64") });
    },
    remove(key) {
      const { [key]: removed, ...others } = read(path);
      if (removed !== undefined) write(path, others);
    },
  };
}

/** That of a file without a keyring. */
export const PLAIN = { encrypt: (/** @type {string} */ text) => Buffer.from(text), decrypt: (/** @type {Buffer} */ open) => open.toString("utf8") };

/**
 * Moves what was kept without a keyring to where it is kept now: tokens that anybody can read do not stay behind.
 * @param {string} path the open file's
 * @param {Store} store
 */
export function moved(path, store) {
  if (!existsSync(path)) return store;
  const open = fileStore(path, PLAIN);
  for (const key of Object.keys(read(path))) {
    const value = open.get(key);
    if (value !== null && store.get(key) === null) store.set(key, value);
  }
  rmSync(path, { force: true });
  return store;
}

/** @param {string} path @param {Record<string, string>} kept */
function write(path, kept) {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(next, "w", 0o600);
    try {
      writeFileSync(file, JSON.stringify(kept));
      // On the disk before it takes the other's place: whatever happens in between, one of them is there and whole.
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}

/** @param {string} path @returns {Record<string, string>} */
function read(path) {
  let text;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return {};
    // There is something, which may be read the next time: it is not written over.
    throw error;
  }
  try {
    const kept = JSON.parse(text);
    return Object.fromEntries(Object.entries(kept).filter(([, value]) => typeof value === "string"));
  } catch {
    // Not written by us: of no use.
    return {};
  }
}
