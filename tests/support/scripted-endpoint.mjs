// @ts-check
// One endpoint of a server whose next answers a test may dictate; without dictation it behaves.

/** @typedef {import("./answers.mjs").Answer} Answer */

export class ScriptedEndpoint {
  /** @type {Answer[]} */
  #queue = [];
  /** @type {Answer | null} */
  #standing = null;

  /**
   * The next `times` requests get this answer.
   * @param {Answer} answer
   * @param {number} [times]
   */
  next(answer, times = 1) {
    for (let index = 0; index < times; index += 1) this.#queue.push(answer);
  }

  /**
   * Every request gets this answer, once the queue has run out.
   * @param {Answer} answer
   */
  always(answer) {
    this.#standing = answer;
  }

  behave() {
    this.#queue.length = 0;
    this.#standing = null;
  }

  /** The answer that was dictated for this request, or null. */
  take() {
    return this.#queue.shift() ?? this.#standing;
  }
}
