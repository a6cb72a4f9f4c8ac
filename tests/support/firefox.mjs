// @ts-check
// One headless Firefox for a test file, where there is one.

import { firefox } from "playwright-core";

import { findFirefox } from "../../scripts/browser.mjs";

/** @type {Promise<import("playwright-core").Browser> | null} */
let browser = null;

/** Where it is, or null. */
export const firefoxPath = findFirefox;

function launch() {
  // Debian's own speaks WebDriver BiDi, and not the protocol of playwright's builds.
  return firefox.launch({ channel: "moz-firefox", executablePath: findFirefox() ?? undefined });
}

/** @param {import("node:test").TestContext} t */
export async function firefoxContext(t) {
  browser ??= launch();
  const context = await (await browser).newContext();
  context.setDefaultTimeout(30_000);
  t.after(() => context.close());
  return context;
}

export async function closeFirefox() {
  const open = browser;
  browser = null;
  await (await open)?.close();
}
