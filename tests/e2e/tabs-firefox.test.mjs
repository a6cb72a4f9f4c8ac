// @ts-check
// The same in another browser, where there is one.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { closeFirefox, firefoxContext, firefoxPath } from "../support/firefox.mjs";
import { assertOneRefreshACycle, providerStage } from "../support/provider-stage.mjs";
import { openRow } from "../support/row-of-tabs.mjs";

after(closeFirefox);

const ABSENT = "no Firefox here: install it (Debian: apt-get install firefox-esr) or set FIREFOX_PATH";

test("tabs_in_firefox_send_one_refresh_request_a_cycle", { skip: firefoxPath() === null && ABSENT }, async (t) => {
  const [lifetime, seconds] = [15, 45];
  const stage = await providerStage(t, { lifetime, newContext: firefoxContext });
  const tabs = await openRow(stage, 10);
  assert.equal(await tabs[0].page.evaluate(() => "locks" in navigator), true);
  await delay(seconds * 1000);
  await assertOneRefreshACycle(stage, tabs, { lifetime, seconds, print: (line) => t.diagnostic(`Firefox: ${line}`) });
});
