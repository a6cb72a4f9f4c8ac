// @ts-check
// Where most tests of a session begin: a tab with a fresh one, on a clock that the test moves.

import { Stage } from "./auth-tab.mjs";

/**
 * Signed in with a token of an hour; the test says whether the scheduler runs.
 * @param {import("node:test").TestContext} t
 * @param {{ config?: Record<string, unknown> }} [options]
 */
export async function signedIn(t, { config = { autoRefresh: false } } = {}) {
  const stage = await Stage.set(t, { clock: true, config });
  const { tab, session } = await stage.signedInTab();
  return { stage, tab, session, refreshes: () => stage.server.tokenRequests("refresh_token") };
}
