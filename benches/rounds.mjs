// @ts-check
// Several contenders measured in turns, so that whatever the machine does meanwhile meets all of them alike.

/** @typedef {{ median: number, low: number, high: number }} Spread */

/**
 * Every contender once a round; each round begins with another one. The first round warms up and does not count.
 * @template Sample
 * @param {readonly string[]} names
 * @param {number} rounds
 * @param {(name: string) => Promise<Sample>} measure
 * @returns {Promise<Map<string, Sample[]>>}
 */
export async function inTurns(names, rounds, measure) {
  const samples = new Map(names.map((name) => [name, /** @type {Sample[]} */ ([])]));
  for (let round = 0; round <= rounds; round += 1) {
    for (let position = 0; position < names.length; position += 1) {
      const name = names[(round + position) % names.length];
      const sample = await measure(name);
      if (round > 0) samples.get(name)?.push(sample);
    }
  }
  return samples;
}

/** @param {readonly number[]} samples @returns {Spread} */
export function spread(samples) {
  if (samples.length === 0) throw new RangeError("nothing was measured");
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, low: sorted[0], high: sorted[sorted.length - 1] };
}
