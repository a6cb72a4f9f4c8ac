// @ts-check
// The system's browser, for apps that sign in in it: a headless Chromium of its own, and somebody who types.

import { testAccount } from "../../www-demo/server/accounts.mjs";
import { freshContext } from "./browser.mjs";

/** Who signs in. */
export const SUBJECT = "a7c1e9d4-pixie";

/**
 * Somebody signs in at the server, and is sent back.
 * @param {import("node:test").TestContext} t @param {string} url
 * @param {(url: string) => void} [onLeave] told where the page is sent to
 */
export async function signInThere(t, url, onLeave) {
  const context = await freshContext(t);
  const page = await context.newPage();
  // No request is told of that goes to another program: the answer says where to.
  if (onLeave) page.on("response", (response) => void (response.headers().location && onLeave(response.headers().location)));
  await page.goto(url);
  await page.locator("#username").fill(testAccount.username);
  await page.locator("#password").fill(testAccount.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  // The server asks for native apps, which anybody may pass for: RFC 8252 §8.6.
  await page.getByRole("button", { name: "Allow" }).click();
  return page;
}

/**
 * Somebody signs in at the server, and the browser hands what it is sent to on to the system.
 * @param {import("node:test").TestContext} t @param {string} url @param {string} redirectUri of the app's own scheme
 * @returns {Promise<string>} the URL that the app is to be opened with
 */
export function handedOver(t, url, redirectUri) {
  return new Promise((resolve, reject) => {
    signInThere(t, url, (target) => target.startsWith(redirectUri) && resolve(target)).catch(reject);
  });
}
