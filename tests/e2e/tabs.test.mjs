// @ts-check
// Many tabs of one session against a server that revokes it when a refresh token comes twice.

import { after, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { UNTHROTTLED } from "../support/background.mjs";
import { closeBrowser, launchWithout } from "../support/browser.mjs";
import { assertOneRefreshACycle, providerStage } from "../support/provider-stage.mjs";
import { openRow } from "../support/row-of-tabs.mjs";

launchWithout(UNTHROTTLED);
after(closeBrowser);

/**
 * @param {import("node:test").TestContext} t
 * @param {{ count: number, lifetime: number, seconds: number, initScript?: () => void }} options
 */
async function run(t, { count, lifetime, seconds, initScript }) {
  const stage = await providerStage(t, { lifetime, initScript });
  const tabs = await openRow(stage, count);
  await delay(seconds * 1000);
  await assertOneRefreshACycle(stage, tabs, { lifetime, seconds, print: (line) => t.diagnostic(line) });
}

// They wait most of the time, and may do so together.
describe("tabs", { concurrency: 2 }, () => {
  test("tabs_fifty_for_a_minute_send_one_refresh_request_a_cycle", (t) => run(t, { count: 50, lifetime: 15, seconds: 60 }));

  test("tabs_without_web_locks_send_one_refresh_request_a_cycle", (t) =>
    run(t, {
      count: 10,
      lifetime: 10,
      seconds: 40,
      initScript: () => {
        // @ts-ignore: as in a browser that has none.
        delete Navigator.prototype.locks;
      },
    }));
});
