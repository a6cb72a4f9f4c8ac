// @ts-check
// Waiting for a person who is at the server: until they are back, or too late, or not wanted any more.
import { AuthError } from "pixie:auth-error";

/** As long as a person may take at the server, in seconds. */
const FIVE_MINUTES = 300;

/** What a timer can count, in milliseconds: with more it would be over at once. */
const LONGEST = 2 ** 31 - 1;

/**
 * @param {{ timeout?: number, signal?: AbortSignal }} options `timeout` in seconds
 * @param {(back: (settle: () => void) => void, resolve: (url: string) => void, fail: (error: Error) => void) => void} begin is given
 * what ends the waiting when they are back, and then settles
 * @param {() => void} end whatever comes of it, before it is settled
 * @param {() => void} [giveUp] when nobody came
 * @returns {Promise<string>} rejects with `timeout`, `aborted`
 */
export function awaited({ timeout = FIVE_MINUTES, signal }, begin, end, giveUp = () => {}) {
  return new Promise((resolve, reject) => {
    const back = (/** @type {() => void} */ settle) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      end();
      settle();
    };
    const fail = (/** @type {Error} */ error) => back(() => (giveUp(), reject(error)));
    const abort = () => fail(new AuthError("aborted", "retry", "the caller's signal aborted it"));
    const timer = setTimeout(() => fail(new AuthError("timeout", "retry", "no answer in time")), Math.min(timeout * 1000, LONGEST));
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort);
    begin(back, resolve, fail);
  });
}
