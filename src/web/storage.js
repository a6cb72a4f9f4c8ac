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
  /** @type {[Store, Store]} */
  #stores;
  #deliver;

  /**
   * @param {(arrival: number, op: number, number?: number, text?: string, thrown?: string) => void} deliver told the
   * value that was loaded, if there is one, and the name of what was thrown, if anything was
   */
  constructor(deliver) {
    this.#deliver = deliver;
  }

  /** Opens them; the name of what was thrown where that cannot be. @param {unknown} storage @returns {string | undefined} */
  open(storage = "session") {
    try {
      this.#stores = open(storage);
    } catch (thrown) {
      return `${/** @type {any} */ (thrown)?.name}`;
    }
  }

  /** Reads a value. @param {number} op @param {number} area @param {string} key */
  load(op, area, key) {
    settled(
      () => this.#stores[area].get(key),
      (value) => {
        // Null and undefined are nothing; anything else is not what was stored.
        const wrong = typeof (value ?? "") !== "string";
        this.#deliver(LOADED, op, 0, wrong ? undefined : value, wrong ? "TypeError" : undefined);
      },
      (thrown) => this.#deliver(LOADED, op, 0, undefined, thrown),
    );
  }

  /** Writes a value, or removes it where there is none. @param {number} op @param {number} area @param {string} key @param {string} [value] */
  store(op, area, key, value) {
    const store = this.#stores[area];
    settled(
      () => (value === undefined ? store.remove(key) : store.set(key, value)),
      () => this.#deliver(STORED, op, 0),
      (thrown) => this.#deliver(STORED, op, 0, undefined, thrown),
    );
  }
}

/**
 * Tells what comes of a call: at once, unless it gives a promise. A page's storage is read, judged and marked in one
 * go, so that two clients in one page do not both take the same login.
 * @param {() => any} call @param {(value: any) => void} done @param {(name: string) => void} failed
 */
function settled(call, done, failed) {
  const fail = (/** @type {any} */ thrown) => failed(`${thrown?.name}`);
  let given;
  try {
    given = call();
  } catch (thrown) {
    return fail(thrown);
  }
  if (typeof given?.then === "function") given.then(done, fail);
  else done(given);
}
