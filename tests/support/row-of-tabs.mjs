// @ts-check
// Many tabs of one session: opened, watched and asked together.

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";

import { Stage } from "./auth-tab.mjs";
import { letHide } from "./background.mjs";

/** Tabs that load at once: more would only wait for each other's processes. */
const AT_ONCE = 4;

/**
 * @template T, R
 * @param {readonly T[]} things
 * @param {(thing: T) => Promise<R>} work
 */
async function someAtATime(things, work) {
  const queue = [...things.entries()];
  const results = /** @type {R[]} */ ([]);
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

/**
 * A tab in which somebody signs in, and others that find the session in the storage that they share. Only the last
 * is shown.
 * @param {Stage} stage
 * @param {number} count
 * @returns {Promise<import("./auth-tab.mjs").AuthTab[]>}
 */
export async function openRow(stage, count) {
  const { tab } = await stage.signedInTab();
  const others = await someAtATime(Array.from({ length: count - 1 }), async () => (await stage.tab()).create());
  const tabs = [tab, ...others];
  if (tab.page.context().browser()?.browserType().name() === "chromium") {
    for (const { page } of tabs) await letHide(page);
    await tabs[count - 1].page.bringToFront();
  }
  return tabs;
}

/**
 * A stage whose server rotates strictly, takes its time, and gives tokens that live for seconds.
 * @param {import("node:test").TestContext} t
 * @param {import("./auth-tab.mjs").StageOptions & { lifetime?: number }} [options]
 */
export async function hastyStage(t, { lifetime = 8, config = {}, ...options } = {}) {
  const stage = await Stage.set(t, { ownContext: true, config: { storage: "local", ...config }, ...options });
  stage.server.expiresIn = lifetime;
  stage.server.tokenDelay = 400;
  return stage;
}

/**
 * The first tab that sends a refresh from now on, as soon as it does.
 * @param {readonly import("./auth-tab.mjs").AuthTab[]} tabs
 * @returns {Promise<import("./auth-tab.mjs").AuthTab>}
 */
export function nextToRefresh(tabs) {
  return new Promise((resolve) => {
    for (const tab of tabs) {
      tab.page.on("request", (request) => {
        if (request.postData()?.includes("grant_type=refresh_token")) resolve(tab);
      });
    }
  });
}

/**
 * Resolves with how many milliseconds it took until the condition held.
 * @param {string} what
 * @param {number} limit milliseconds
 * @param {() => unknown} condition
 */
export async function until(what, limit, condition) {
  const began = Date.now();
  while (!(await condition())) {
    assert.ok(Date.now() - began < limit, `${what} within ${limit} ms`);
    await delay(50);
  }
  return Date.now() - began;
}

/**
 * Every tab has the token that the server issued last, and nobody was signed out on the way.
 * @param {Stage} stage
 * @param {readonly import("./auth-tab.mjs").AuthTab[]} tabs
 * @param {number} limit milliseconds
 */
export async function catchUp(stage, tabs, limit) {
  const took = await until(`${tabs.length} tabs have the newest token`, limit, async () => {
    const sessions = await Promise.all(tabs.map((tab) => tab.succeeds("getSession")));
    return sessions.every((session) => session?.accessToken === stage.server.latestAccessToken);
  });
  await assertNobodySignedOut(tabs);
  return took;
}

/** @param {readonly import("./auth-tab.mjs").AuthTab[]} tabs */
export async function assertNobodySignedOut(tabs) {
  for (const tab of tabs) {
    assert.deepEqual(await tab.eventsOf("signedOut"), []);
    assert.deepEqual(await tab.unhandled(), []);
  }
}

/**
 * The token that each tab gives out, or the code of the error that it gives instead.
 * @param {readonly import("./auth-tab.mjs").AuthTab[]} tabs
 * @returns {Promise<string[]>}
 */
export async function tokensOf(tabs) {
  const outcomes = await Promise.all(tabs.map((tab) => tab.call("getAccessToken")));
  return outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.error.code));
}

/**
 * How many cycles there were: requests that come within a moment of each other are of one.
 * @param {readonly number[]} instants
 * @param {number} lifetime seconds that a token lives
 */
export function cyclesOf(instants, lifetime) {
  return instants.filter((at, index) => index === 0 || at - instants[index - 1] > lifetime * 400).length;
}
