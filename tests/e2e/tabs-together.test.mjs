// @ts-check
// What one tab does, the others hear: new tokens, and the end.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { AuthTab } from "../support/auth-tab.mjs";
import { UNTHROTTLED } from "../support/background.mjs";
import { closeBrowser, launchWithout } from "../support/browser.mjs";
import { assertNobodySignedOut, hastyStage, openRow, until } from "../support/row-of-tabs.mjs";

launchWithout(UNTHROTTLED);
after(closeBrowser);

/** Messages between processes take milliseconds; the machine may be busy. */
const SOON = 2000;

/** @param {readonly AuthTab[]} tabs @param {string} reason */
async function assertEachSignedOutOnce(tabs, reason) {
  await until(`signedOut in ${tabs.length} tabs`, SOON, async () => {
    const events = await Promise.all(tabs.map((tab) => tab.eventsOf("signedOut")));
    return events.every(({ length }) => length > 0);
  });
  // Whatever tells a second time has the time for it.
  await delay(1000);
  for (const tab of tabs) {
    assert.deepEqual((await tab.eventsOf("signedOut")).map((event) => event.reason), [reason]);
    assert.equal(await tab.succeeds("getSession"), null);
    assert.deepEqual(await tab.unhandled(), []);
  }
}

function withoutChannels() {
  // @ts-ignore: as in a browser that has none.
  delete globalThis.BroadcastChannel;
}

describe("tabs", { concurrency: 3 }, () => {
  test("logout_in_one_tab_signs_all_out_with_its_reason", async (t) => {
    const stage = await hastyStage(t);
    const tabs = await openRow(stage, 5);
    await tabs[2].succeeds("logout", { redirect: false });
    await assertEachSignedOutOnce(tabs, "logout");
    const before = stage.server.tokenRequests().length;
    await delay(8000);
    assert.equal(stage.server.tokenRequests().length, before, "nobody refreshes what is over");
  });

  test("invalid_grant_in_one_tab_signs_all_out_as_session_ended", async (t) => {
    const stage = await hastyStage(t);
    const tabs = await openRow(stage, 5);
    stage.server.revokeEverything();
    await tabs[1].fails("refresh", "session_ended");
    await assertEachSignedOutOnce(tabs, "session_ended");
    assert.equal(stage.server.tokenRequests("refresh_token").length, 1, "the others believe it");
    await tabs[3].fails("getAccessToken", "session_ended");
  });

  test("login_in_one_tab_signs_all_in", async (t) => {
    const stage = await hastyStage(t);
    const waiting = [await (await stage.tab()).create(), await (await stage.tab()).create()];
    const { session } = await stage.signedInTab();
    await until("a session in each", SOON, async () => {
      const sessions = await Promise.all(waiting.map((tab) => tab.succeeds("getSession")));
      return sessions.every((found) => found?.accessToken === session.accessToken);
    });
    for (const tab of waiting) assert.equal((await tab.eventsOf("signedIn")).length, 1);
  });

  test("refresh_in_one_tab_is_heard_by_all", async (t) => {
    const stage = await hastyStage(t, { lifetime: 3600 });
    const tabs = await openRow(stage, 4);
    const session = await tabs[3].succeeds("refresh");
    for (const tab of tabs) {
      const { accessToken } = await tab.waitForEvent("refreshed");
      assert.equal(accessToken, session.accessToken);
      assert.equal(await tab.succeeds("getAccessToken"), session.accessToken);
    }
    assert.equal(stage.server.tokenRequests("refresh_token").length, 1);
  });

  test("tabs_without_broadcast_channel_hear_each_other_by_the_storage", async (t) => {
    const stage = await hastyStage(t, { lifetime: 3600, initScript: withoutChannels });
    const tabs = await openRow(stage, 4);
    const session = await tabs[3].succeeds("refresh");
    for (const tab of tabs) {
      const { accessToken } = await tab.waitForEvent("refreshed");
      assert.equal(accessToken, session.accessToken);
    }
    assert.equal(stage.server.tokenRequests("refresh_token").length, 1);
    await tabs[0].succeeds("logout", { redirect: false });
    await assertEachSignedOutOnce(tabs, "logout");
    const stored = JSON.stringify(await tabs[0].stored("localStorage"));
    for (const secret of stage.server.secrets) assert.ok(!stored.includes(secret), "no token is left in the storage");
  });

  test("tab_that_is_duplicated_with_its_session_storage_and_its_original_both_stay_signed_in", async (t) => {
    const stage = await hastyStage(t, { config: { storage: "session" } });
    const { tab } = await stage.signedInTab();
    const [page] = await Promise.all([tab.page.waitForEvent("popup"), tab.page.evaluate(() => void globalThis.open("/"))]);
    const duplicate = new AuthTab(stage, page);
    await page.waitForFunction(() => "harness" in globalThis);
    await duplicate.create();
    assert.equal((await duplicate.succeeds("getSession")).accessToken, (await tab.succeeds("getSession")).accessToken);
    await delay(3 * 6500);
    const requests = stage.server.tokenRequests("refresh_token").length;
    t.diagnostic(`duplicated tab: ${requests} refresh requests in three cycles, refused: ${stage.server.refused}`);
    assert.equal(stage.server.refused, 0);
    assert.ok(requests >= 3 && requests <= 6, `${requests} refresh requests`);
    await assertNobodySignedOut([tab, duplicate]);
    for (const each of [tab, duplicate]) assert.match(await each.succeeds("getAccessToken"), /^access-/);
  });
});
