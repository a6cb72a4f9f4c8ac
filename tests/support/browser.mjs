// @ts-check
// One headless Chromium for a test file; for each test either a fresh context (its own cookies and storage) or tabs that
// are passed from test to test.

import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

import { chromiumFlags } from "../../scripts/browser.mjs";

const FLAGS = [
  ...chromiumFlags,
  // A name that is not loopback, so that its pages over http are no secure context.
  "--host-resolver-rules=MAP spa.test 127.0.0.1",
];

/** @type {Promise<import("playwright-core").Browser> | null} */
let browser = null;

/** Of playwright's own flags, those that this file's tests do without. @type {string[]} */
let without = [];

/** Before the first context. @param {string[]} flags */
export function launchWithout(flags) {
  without = flags;
}

function launch() {
  const executablePath = process.env.CHROME_PATH ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) {
    throw new Error(`No Chromium at ${executablePath}: install it (Debian: apt-get install chromium) or set CHROME_PATH.`);
  }
  return chromium.launch({ executablePath, args: FLAGS, ignoreDefaultArgs: without });
}

/**
 * @param {import("node:test").TestContext} t
 * @param {import("playwright-core").BrowserContextOptions} [options]
 */
export async function freshContext(t, options) {
  const context = await newContext(options);
  t.after(() => context.close());
  return context;
}

/** @param {import("playwright-core").BrowserContextOptions} [options] */
async function newContext(options) {
  browser ??= launch();
  const context = await (await browser).newContext(options);
  context.setDefaultTimeout(15_000);
  return context;
}

/**
 * Tabs that tests take turns with, as opening one takes longer than most tests do. Each test has an origin of its own,
 * and a tab is handed back with that origin's storage empty.
 */
class SharedTabs {
  /** @type {Promise<import("playwright-core").BrowserContext> | null} */
  #context = null;
  /** @type {import("playwright-core").Page[]} */
  #idle = [];

  /** @returns {Promise<import("playwright-core").Page>} */
  async take() {
    this.#context ??= newContext();
    return this.#idle.pop() ?? (await this.#context).newPage();
  }

  /**
   * @param {import("playwright-core").Page} page
   * @param {string} blank an address of the test's origin that shows an empty page
   */
  async giveBack(page, blank) {
    try {
      await page.goto(blank);
      await page.evaluate(() => {
        localStorage.clear();
        sessionStorage.clear();
        window.name = "";
      });
      this.#idle.push(page);
    } catch {
      // A tab that cannot be cleaned is of no use to anybody else.
      await page.close();
    }
  }

  forget() {
    this.#context = null;
    this.#idle = [];
  }
}

export const sharedTabs = new SharedTabs();

/** Every file that opens a context calls this in its after(). */
export async function closeBrowser() {
  const open = browser;
  browser = null;
  sharedTabs.forget();
  await (await open)?.close();
}
