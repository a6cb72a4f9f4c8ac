// @ts-check
// What a suite came to, whichever runner ran it.

/**
 * @typedef {{ name: string, reason: string }} Named
 *
 * @typedef {object} Outcome
 * @property {number} passed
 * @property {number} failed
 * @property {Named[]} failures What failed, where the runner names it; never more than `failed`.
 * @property {Named[]} skipped
 */

/** @returns {Outcome} */
export const nothing = () => ({ passed: 0, failed: 0, failures: [], skipped: [] });

/** One failure that no runner has counted. @param {string} name @param {string} reason @returns {Outcome} */
export const oneFailure = (name, reason) => ({ passed: 0, failed: 1, failures: [{ name, reason }], skipped: [] });

/** @param {readonly Outcome[]} outcomes @returns {Outcome} */
export function sum(outcomes) {
  return {
    passed: outcomes.reduce((total, { passed }) => total + passed, 0),
    failed: outcomes.reduce((total, { failed }) => total + failed, 0),
    failures: outcomes.flatMap(({ failures }) => failures),
    skipped: outcomes.flatMap(({ skipped }) => skipped),
  };
}

/**
 * Closes the ways in which a suite could pass without having tested: a runner that failed though every test it counted
 * passed, and a suite in which nothing ran at all.
 * @param {Outcome} outcome
 * @param {string} name
 * @param {string | null} reason Why the runner counts as failed, null where it ended well.
 * @returns {Outcome}
 */
export function withoutSilentPass(outcome, name, reason) {
  if (reason !== null && outcome.failed === 0) return sum([outcome, oneFailure(name, `the runner ${reason}`)]);
  if (outcome.passed + outcome.failed === 0) return sum([outcome, oneFailure(name, "no test ran")]);
  return outcome;
}
