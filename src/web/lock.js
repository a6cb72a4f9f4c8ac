// @ts-check

/** What is delivered, by the number of driver.rs. */
const LOCK = 5;

/**
 * How long a lock is held beyond its release, in milliseconds: browsers hand locks over faster than what was written into
 * localStorage, and the next tab would read what was there before. Not where it was held for less than LONG: nothing
 * is fetched in that time, and many who only look must not wait for each other (hidden tabs have slow timers).
 */
const ARRIVING = 100;
const LONG = 50;

/** Locks that the tabs of an origin share: the host's Web Locks. */
export class Locks {
  #deliver;
  /** What is asked for or held, by its op, and how to let go of it. @type {Map<number, () => void>} */
  #wanted = new Map();

  /**
   * @param {(arrival: number, op: number, number: number) => void} deliver told 1 when a lock is granted, 0 where there
   * are none, and -1 when another tab took it away; nothing once it was released
   */
  constructor(deliver) {
    this.#deliver = deliver;
  }

  /** Asks for a lock, or takes it from whoever has it. @param {number} op @param {string} name @param {boolean} steal */
  async request(op, name, steal) {
    const controller = new AbortController();
    let since = Infinity;
    /** @type {Promise<void>} */
    const released = new Promise((resolve) => {
      this.#wanted.set(op, () => {
        this.#wanted.delete(op);
        controller.abort();
        if (performance.now() - since < LONG) resolve();
        else setTimeout(resolve, ARRIVING);
      });
    });
    let result = 0;
    try {
      // A process without a location is a server: its clients are of different users, and need not wait for each other.
      await (globalThis.location && navigator).locks.request(name, steal ? { steal } : { signal: controller.signal }, () => {
        // A steal takes no signal: it may have been released before it came.
        since = performance.now();
        if (this.#wanted.has(op)) this.#deliver(LOCK, op, 1);
        result = -1;
        return released;
      });
    } catch {
      // Taken away, waited for no longer, or not to be had: below.
    }
    if (this.#wanted.delete(op)) this.#deliver(LOCK, op, result);
  }

  /** Gives a lock back, or waits for it no longer. @param {number} op */
  release(op) {
    this.#wanted.get(op)?.();
  }

  /** Lets go of all. */
  close() {
    for (const release of this.#wanted.values()) release();
  }
}
