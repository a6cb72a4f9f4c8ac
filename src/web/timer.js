// @ts-check

/**
 * One timer. It never waits for more than a minute: then it asks the wall clock again. So deadlines beyond 2^31 ms,
 * a sleeping machine and a clock that was set are all the same to it.
 */
export class Timer {
  /** @type {any} */
  #timer;
  #look;

  /** @param {() => void} look */
  constructor(look) {
    this.#look = look;
  }

  /** Waits for another deadline, or for none. @param {number} [deadline] */
  arm(deadline) {
    clearTimeout(this.#timer);
    // One millisecond more: hosts round down, and a timer that is early has to be set again.
    if (deadline !== undefined)
      this.#timer = setTimeout(this.#look, Math.min(Math.max(deadline - Date.now(), 0) + 1, 60_000));
  }
}
