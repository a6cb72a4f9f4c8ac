// @ts-check
// Something else in the place of a part of the page, until it is put back.

const timeout = globalThis.setTimeout.bind(globalThis);

/** Waits by the real clock, whatever stands in its place. @param {number} millis */
export const pause = (millis) => new Promise((resolve) => timeout(resolve, millis));

/** The value of a JavaScript expression. @param {string} expression */
export const evaluate = (expression) => (0, eval)(`(${expression})`);

/** @param {any} object @param {string} name @param {PropertyDescriptor} descriptor @returns {() => void} puts it back */
export function replace(object, name, descriptor) {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { ...descriptor, configurable: true });
  return () => {
    if (before) Object.defineProperty(object, name, before);
    else delete object[name];
  };
}

/** A clock and timers that stand still until they are told to move. Timers do not heed that the clock is set. */
export class VirtualTime {
  #start = Date.now();
  #elapsed = 0;
  #set = 0;
  #last = 1_000_000;
  /** @type {Map<number, { at: number, run: () => void }>} */
  #timers = new Map();
  #restore;

  constructor() {
    const set = (/** @type {(...given: any[]) => void} */ run, millis = 0, /** @type {any[]} */ ...given) => {
      this.#timers.set(++this.#last, { at: this.#elapsed + millis, run: () => run(...given) });
      return this.#last;
    };
    const stand = [
      replace(globalThis, "setTimeout", { value: set, writable: true }),
      replace(globalThis, "clearTimeout", { value: (/** @type {number} */ timer) => this.#timers.delete(timer), writable: true }),
      replace(Date, "now", { value: () => this.#start + this.#elapsed + this.#set, writable: true }),
    ];
    this.#restore = () => stand.forEach((restore) => restore());
  }

  /** How many timers are set. */
  pending() {
    return this.#timers.size;
  }

  /** How long the next timer waits. */
  next() {
    return Math.min(...[...this.#timers.values()].map(({ at }) => at)) - this.#elapsed;
  }

  /** Lets the time pass, from one timer to the next. @param {number} millis */
  async advance(millis) {
    const end = this.#elapsed + millis;
    for (;;) {
      await pause(0);
      const [due] = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (!due) break;
      const [timer, { at, run }] = due;
      this.#timers.delete(timer);
      this.#elapsed = Math.max(this.#elapsed, at);
      run();
    }
    this.#elapsed = end;
    await pause(0);
  }

  /** Somebody sets the clock. @param {number} millis */
  jump(millis) {
    this.#set += millis;
  }

  restore() {
    this.#restore();
  }
}
