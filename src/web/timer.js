// @ts-check

/** What is delivered, by the number of driver.rs. */
const TIMER = 3;

/**
 * One timer. It never waits for more than a minute: then it asks the wall clock again. So deadlines beyond 2^31 ms,
 * a sleeping machine and a clock that was set are all the same to it.
 */
export class Timer {
  /** @type {any} */
  #timer;
  #look;

  /** @param {(arrival: number, op: number) => void} deliver told when the deadline has come, or when it is time to ask again */
  constructor(deliver) {
    this.#look = () => deliver(TIMER, 0);
  }

  /** Waits for another deadline, or for none. @param {number} [deadline] */
  arm(deadline) {
    clearTimeout(this.#timer);
    // One millisecond more: hosts round down, and a timer that is early has to be set again.
    if (deadline !== undefined)
      this.#timer = setTimeout(this.#look, Math.min(Math.max(deadline - Date.now(), 0) + 1, 60_000));
  }
}
