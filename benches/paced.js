// @ts-check
// The pace of work that is awaited, one piece after another. Runs in a page, whose clock is too coarse for one piece.

/** Between two looks at the clock. */
const BATCH = 16;

/**
 * Microseconds that one piece takes.
 * @param {() => Promise<unknown>} work
 * @param {number} milliseconds for how long at least
 */
export async function microsecondsEach(work, milliseconds) {
  const began = performance.now();
  let pieces = 0;
  let elapsed = 0;
  while (elapsed < milliseconds) {
    for (let count = 0; count < BATCH; count += 1) await work();
    pieces += BATCH;
    elapsed = performance.now() - began;
  }
  return (elapsed * 1000) / pieces;
}
