// @ts-check
// `AuthClient.fetch` in a tab: a response cannot leave the page, so what a test wants of it is taken there.

import { errorOf, valueOf } from "./auth-tab.mjs";

/** @typedef {{ status: number, body: string, url: string, redirected: boolean }} Fetched */

/**
 * @param {import("./auth-tab.mjs").AuthTab} tab
 * @param {string} url
 * @param {RequestInit} [init] what can be handed into a page
 */
function outcome(tab, url, init = {}) {
  return tab.page.evaluate(
    ([to, options]) => {
      const { harness } = /** @type {any} */ (globalThis);
      return harness.outcome(async () => {
        const response = await harness.client.fetch(to, options);
        return { status: response.status, body: await response.text(), url: response.url, redirected: response.redirected };
      });
    },
    /** @type {[string, any]} */ ([url, init]),
  );
}

/** @param {import("./auth-tab.mjs").AuthTab} tab @param {string} url @param {RequestInit} [init] @returns {Promise<Fetched>} */
export const fetched = async (tab, url, init) => valueOf("fetch", await outcome(tab, url, init));

/** @param {import("./auth-tab.mjs").AuthTab} tab @param {string} code @param {string} url @param {RequestInit} [init] */
export const fetchFails = async (tab, code, url, init) => errorOf("fetch", code, await outcome(tab, url, init));
