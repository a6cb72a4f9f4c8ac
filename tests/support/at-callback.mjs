// @ts-check
// Where most tests of what the token endpoint says begin.

import { Stage } from "./auth-tab.mjs";

/**
 * A tab at the callback's address, its code not spent yet.
 * @param {import("node:test").TestContext} t
 * @param {import("./auth-tab.mjs").StageOptions} [options]
 */
export async function atCallback(t, options) {
  const stage = await Stage.set(t, options);
  const tab = await (await stage.tab()).create();
  await tab.login();
  await tab.create();
  return { stage, tab };
}
