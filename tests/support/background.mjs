// @ts-check
// Tabs as people have them: one is in front, the others are hidden, and the browser slows them down or freezes them.

import assert from "node:assert/strict";

/** By these playwright keeps hidden pages as fast as shown ones; a file that wants them slow launches without. */
export const UNTHROTTLED = [
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

/**
 * Lets a page be hidden when another comes to the front: playwright makes each believe that it has the focus. That is
 * undone in the session in which it was done, which playwright shows to nobody.
 * @param {import("playwright-core").Page} page
 */
export async function letHide(page) {
  const session = /** @type {any} */ (page)._connection?.toImpl?.(page)?.delegate?._mainFrameSession?._client;
  assert.ok(session, "this playwright-core keeps its session with the browser somewhere else");
  await session.send("Emulation.setFocusEmulationEnabled", { enabled: false });
}

/**
 * The browser freezes a hidden page; the function given back shows it again. Nothing can be asked of it until then.
 * @param {import("playwright-core").Page} page
 */
export async function freeze(page) {
  await page.evaluate(() => {
    const seen = /** @type {string[]} */ ([]);
    for (const event of ["freeze", "resume"]) document.addEventListener(event, () => seen.push(event));
    Object.assign(globalThis, { lifecycle: seen });
  });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
  return async () => {
    await page.bringToFront();
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    const seen = await page.evaluate(() => /** @type {any} */ (globalThis).lifecycle);
    // A page that is shown is never frozen, and nobody says so.
    assert.equal(seen[0], "freeze", "the page was frozen");
  };
}
