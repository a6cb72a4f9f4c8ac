// @ts-check
// Places to store: memory, the page's storages, and the program's own.

/** @typedef {{ get(key: string): any, set(key: string, value: string): any, remove(key: string): any }} Store */

/** @returns {Store} */
function memory() {
  /** @type {Map<string, string>} */
  const values = new Map();
  return { get: (key) => values.get(key), set: (key, value) => values.set(key, value), remove: (key) => values.delete(key) };
}

/** Throws where the page has none, and where a browser's settings make the very access throw. @returns {Store} */
function page(/** @type {"sessionStorage" | "localStorage"} */ name) {
  const storage = globalThis[name];
  if (!storage) throw new Error(name);
  return {
    get: (key) => storage.getItem(key),
    set: (key, value) => storage.setItem(key, value),
    remove: (key) => storage.removeItem(key),
  };
}

/**
 * `storage` of the configuration: where the session is, and where a login survives the way to the server and back.
 * That is the same place but for "memory", which would forget it on the way.
 * Throws a TypeError where it is no storage that there is, and something else where the page has none.
 * @param {unknown} storage
 * @returns {[Store, Store]}
 */
function open(storage) {
  if (storage === "memory") {
    try {
      return [memory(), page("sessionStorage")];
    } catch {
      const store = memory();
      return [store, store];
    }
  }
  const store =
    storage === "session" ? page("sessionStorage") : storage === "local" ? page("localStorage") : /** @type {any} */ (storage);
  if (["get", "set", "remove"].some((method) => typeof store?.[method] !== "function")) throw new TypeError("storage");
  return [store, store];
}

/** The stores of one client, by the numbers of `Area`: 0 for the session, 1 for logins. */
export class Stores {
  #stores;
  #loaded;
  #stored;

  /**
   * @param {unknown} storage
   * @param {(op: number, thrown: string | undefined, value: string | undefined) => void} loaded
   * @param {(op: number, thrown: string | undefined) => void} stored
   */
  constructor(storage = "session", loaded, stored) {
    this.#stores = open(storage);
    this.#loaded = loaded;
    this.#stored = stored;
  }

  /** Reads a value. @param {number} op @param {number} area @param {string} key */
  async load(op, area, key) {
    let value, thrown;
    try {
      value = (await this.#stores[area].get(key)) ?? undefined;
      if (value !== undefined && typeof value !== "string") throw new TypeError("a store gives strings");
    } catch (error) {
      [value, thrown] = [undefined, name(error)];
    }
    this.#loaded(op, thrown, value);
  }

  /** Writes a value, or removes it where there is none. @param {number} op @param {number} area @param {string} key @param {string} [value] */
  async store(op, area, key, value) {
    let thrown;
    try {
      const store = this.#stores[area];
      await (value === undefined ? store.remove(key) : store.set(key, value));
    } catch (error) {
      thrown = name(error);
    }
    this.#stored(op, thrown);
  }
}

/** `name` of something thrown, which may be anything. @param {any} thrown */
const name = (thrown) => `${thrown?.name}`;
