// @ts-check
// What an entry may weigh, and what it weighs.

/**
 * @typedef {object} Budget
 * @property {number} [brotli] The most that the entry's files may weigh together.
 * @property {number} [module] The most that its bare module may weigh, raw.
 * @property {number} [goal] Where brotli is to get to: told, not enforced.
 *
 * @typedef {{ entry: string, what: string, bytes: number, most: number, over: number }} Held
 * @typedef {{ entry: string, bytes: number, goal: number, over: number }} Goal
 */

/**
 * @param {Readonly<Record<string, Budget>>} budgets
 * @param {Readonly<Record<string, { brotli: number, module: number }>>} measured
 * @returns {{ held: Held[], goals: Goal[] }}
 */
export function compare(budgets, measured) {
  /** @type {Held[]} */
  const held = [];
  /** @type {Goal[]} */
  const goals = [];
  for (const [entry, { brotli, module, goal, ...unknown }] of Object.entries(budgets)) {
    // A budget that nothing is held to would look like one that is kept.
    const sizes = measured[entry];
    if (!sizes) throw new Error(`size-budgets.json has a budget for ${entry}, which is no entry`);
    if (Object.keys(unknown).length > 0) throw new Error(`size-budgets.json: ${entry} has an unknown budget: ${Object.keys(unknown).join(", ")}`);
    const hold = (/** @type {string} */ what, /** @type {number} */ bytes, /** @type {number | undefined} */ most) => {
      if (most !== undefined) held.push({ entry, what, bytes, most, over: bytes - most });
    };
    hold("brotli", sizes.brotli, brotli);
    hold("module, raw", sizes.module, module);
    if (goal !== undefined) goals.push({ entry, bytes: sizes.brotli, goal, over: sizes.brotli - goal });
  }
  return { held, goals };
}
