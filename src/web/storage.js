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

// What is delivered, by the numbers of driver.rs.
const LOADED = 0;
const STORED = 1;

/** The stores of one client, by the numbers of `Area`: 0 for the session, 1 for logins. */
export class Stores {
  #stores;
  #deliver;

  /**
   * @param {unknown} storage
   * @param {(arrival: number, op: number, number?: number, text?: string, thrown?: string) => void} deliver told the
   * value that was loaded, if there is one, and the name of what was thrown, if anything was
   */
  constructor(storage = "session", deliver) {
    this.#stores = open(storage);
    this.#deliver = deliver;
  }

  /** Reads a value. @param {number} op @param {number} area @param {string} key */
  async load(op, area, key) {
    let value, thrown;
    try {
      value = (await this.#stores[area].get(key)) ?? undefined;
      if (value !== undefined && typeof value !== "string") throw new TypeError("a store gives strings");
    } catch (error) {
      [value, thrown] = [undefined, `${error?.name}`];
    }
    this.#deliver(LOADED, op, 0, value, thrown);
  }

  /** Writes a value, or removes it where there is none. @param {number} op @param {number} area @param {string} key @param {string} [value] */
  async store(op, area, key, value) {
    let thrown;
    try {
      const store = this.#stores[area];
      await (value === undefined ? store.remove(key) : store.set(key, value));
    } catch (error) {
      thrown = `${error?.name}`;
    }
    this.#deliver(STORED, op, 0, undefined, thrown);
  }
}
