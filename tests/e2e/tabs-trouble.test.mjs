// @ts-check
// What happens to the tab that refreshes for all: it is closed, it is frozen, it has no network, its clock is set.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import * as answers from "../support/answers.mjs";
import { UNTHROTTLED, freeze } from "../support/background.mjs";
import { closeBrowser, launchWithout } from "../support/browser.mjs";
import { assertNobodySignedOut, catchUp, hastyStage, nextToRefresh, openRow, tokensOf, until } from "../support/row-of-tabs.mjs";

launchWithout(UNTHROTTLED);
after(closeBrowser);

/** How long the others wait for a tab that does not answer, and a request. Milliseconds. */
const TAKEN_OVER = 10_000 + 1_500;

/** The tabs' clock is set by so many milliseconds, when a test says so. */
function settableClock() {
  const now = Date.now.bind(Date);
  Object.assign(globalThis, { clockSetBy: 0 });
  Date.now = () => now() + /** @type {any} */ (globalThis).clockSetBy;
}

/**
 * @param {import("node:test").TestContext} t
 * @param {number} setBy milliseconds
 */
async function afterTheClockIsSet(t, setBy) {
  const stage = await hastyStage(t, { initScript: settableClock });
  const tabs = await openRow(stage, 3);
  await delay(2000);
  for (const { page } of tabs) await page.evaluate((by) => void Object.assign(globalThis, { clockSetBy: by }), setBy);
  const before = stage.server.tokenRequests("refresh_token").length;
  await delay(20_000);
  const requests = stage.server.tokenRequests("refresh_token").length - before;
  t.diagnostic(`clock set by ${setBy / 3_600_000} hours: ${requests} refresh requests in 20 s`);
  assert.ok(requests < 10, `${requests} refresh requests`);
  assert.equal(stage.server.refused, 0);
  await assertNobodySignedOut(tabs);
  return { stage, tabs };
}

describe("tabs", { concurrency: 3 }, () => {
  test("tab_that_is_closed_before_the_server_saw_its_refresh_leaves_it_to_the_others", async (t) => {
    const stage = await hastyStage(t);
    const tabs = await openRow(stage, 6);
    // On a busy machine there have been refreshes by now.
    const before = stage.server.tokenRequests().length;
    stage.server.token.next(answers.silence());
    const asker = await nextToRefresh(tabs);
    await stage.server.received("/token", before + 1);
    await asker.page.close();
    const others = tabs.filter((tab) => tab !== asker);
    const took = await until("a request", TAKEN_OVER, () => stage.server.tokenRequests().length >= before + 2);
    await catchUp(stage, others, 2000);
    t.diagnostic(`taken over after ${took} ms`);
    assert.equal(stage.server.refused, 0);
  });

  test("tab_that_is_closed_after_the_server_rotated_its_token_leaves_the_session_standing", async (t) => {
    const stage = await hastyStage(t);
    const tabs = await openRow(stage, 6);
    // On a busy machine there have been refreshes by now.
    const before = stage.server.tokenRequests().length;
    // The new tokens are lost with the tab: only a server that forgives this can be told so.
    stage.server.forgiving = true;
    stage.server.withholdTokens = true;
    const asker = await nextToRefresh(tabs);
    await stage.server.received("/token", before + 1);
    await delay(stage.server.tokenDelay + 200);
    stage.server.withholdTokens = false;
    await asker.page.close();
    const others = tabs.filter((tab) => tab !== asker);
    const took = await until("a request", TAKEN_OVER, () => stage.server.tokenRequests().length >= before + 2);
    await catchUp(stage, others, 2000);
    t.diagnostic(`taken over after ${took} ms`);
    const sent = stage.server.tokenRequests("refresh_token").map(({ form }) => form.refresh_token);
    assert.equal(sent[before - 1], sent[before]);
    assert.equal(stage.server.refused, 0);
  });

  test("tabs_without_web_locks_take_over_from_a_tab_that_is_closed", async (t) => {
    const stage = await hastyStage(t, {
      initScript: () => {
        // @ts-ignore: as in a browser that has none.
        delete Navigator.prototype.locks;
      },
    });
    const tabs = await openRow(stage, 4);
    // On a busy machine there have been refreshes by now.
    const before = stage.server.tokenRequests().length;
    stage.server.token.next(answers.silence());
    const asker = await nextToRefresh(tabs);
    await stage.server.received("/token", before + 1);
    await asker.page.close();
    const took = await until("a request", TAKEN_OVER, () => stage.server.tokenRequests().length >= before + 2);
    await catchUp(stage, tabs.filter((tab) => tab !== asker), 2000);
    t.diagnostic(`taken over after ${took} ms`);
    assert.equal(stage.server.refused, 0);
  });

  test("tabs_that_lose_the_network_for_two_cycles_go_on_when_it_is_back", async (t) => {
    const stage = await hastyStage(t);
    const tabs = await openRow(stage, 5);
    await stage.setOffline(true);
    await delay(16_000);
    const before = stage.server.latestAccessToken;
    await assertNobodySignedOut(tabs);
    await stage.setOffline(false);
    const took = await until("a request", 30_000, () => stage.server.latestAccessToken !== before);
    await catchUp(stage, tabs, 30_000 - took);
    t.diagnostic(`a new token ${took} ms after the network was back`);
    assert.equal(stage.server.refused, 0);
  });

  test("tab_that_is_frozen_while_it_refreshes_is_passed_over_and_catches_up_when_it_thaws", async (t) => {
    const stage = await hastyStage(t);
    const tabs = await openRow(stage, 6);
    // On a busy machine there have been refreshes by now.
    const before = stage.server.tokenRequests().length;
    stage.server.token.next(answers.silence());
    const asker = await nextToRefresh(tabs);
    await stage.server.received("/token", before + 1);
    const others = tabs.filter((tab) => tab !== asker);
    await others[0].page.bringToFront();
    const thaw = await freeze(asker.page);
    const took = await until("a request", TAKEN_OVER, () => stage.server.tokenRequests().length >= before + 2);
    await catchUp(stage, others, 3000);
    t.diagnostic(`taken over after ${took} ms`);
    // It misses a cycle more.
    await delay(6000);
    await thaw();
    // Its own request is still under way, and may have to run into its time limit first.
    const thawed = await catchUp(stage, tabs, 18_000);
    t.diagnostic(`thawed and up to date after ${thawed} ms`);
    assert.equal(stage.server.refused, 0);
  });

  test("tab_that_is_frozen_when_the_answer_comes_takes_it_when_it_thaws_though_its_time_is_over", async (t) => {
    const stage = await hastyStage(t, { config: { requestTimeout: 3 } });
    const tabs = await openRow(stage, 4);
    // On a busy machine there have been refreshes by now.
    const before = stage.server.tokenRequests().length;
    stage.server.tokenDelay = 1500;
    stage.server.expiresIn = 3600;
    const asker = await nextToRefresh(tabs);
    await stage.server.received("/token", before + 1);
    await tabs.find((tab) => tab !== asker)?.page.bringToFront();
    const thaw = await freeze(asker.page);
    await delay(6000);
    await thaw();
    await catchUp(stage, tabs, 2000);
    assert.equal(stage.server.tokenRequests("refresh_token").length, 1, "the answer that came was not asked for again");
  });

  test("tabs_whose_clock_is_set_back_by_a_day_keep_the_session_without_a_loop", async (t) => {
    const { tabs } = await afterTheClockIsSet(t, -86_400_000);
    for (const token of await tokensOf(tabs)) assert.match(token, /^access-/);
  });

  test("tabs_whose_clock_is_set_forward_by_a_day_keep_the_session_without_a_loop", async (t) => {
    const { stage, tabs } = await afterTheClockIsSet(t, 86_400_000);
    await until("a token in each", 3000, async () => (await tokensOf(tabs)).every((token) => token === stage.server.latestAccessToken));
  });
});
