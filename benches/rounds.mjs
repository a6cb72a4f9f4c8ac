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
  const [low, median, high] = quantiles(samples, [0, 0.5, 1]);
  return { median, low, high };
}

/** The median and the quartiles: where a machine has other things to do, its ends say little. @param {readonly number[]} samples @returns {Spread} */
export function middle(samples) {
  const [low, median, high] = quantiles(samples, [0.25, 0.5, 0.75]);
  return { median, low, high };
}

/**
 * How many times another's each sample is: round by round, as a busy minute is then busy for both.
 * @param {readonly number[]} samples
 * @param {readonly number[]} others of the same rounds
 */
export const ratios = (samples, others) => samples.map((sample, round) => sample / others[round]);

/** @param {readonly number[]} samples @param {readonly number[]} parts from 0, the lowest, to 1 */
function quantiles(samples, parts) {
  if (samples.length === 0) throw new RangeError("nothing was measured");
  const sorted = [...samples].sort((a, b) => a - b);
  return parts.map((part) => {
    const place = part * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return below + (above - below) * (place % 1);
  });
}
