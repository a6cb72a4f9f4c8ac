// @ts-check
// Redirects by a scheme of the app's own (RFC 8252 §7.1), from the first moment on: macOS tells the app, the others start it once
// more, with the URL among its arguments, which the second instance hands to the first.
import { resolve } from "node:path";

/** Those that came before there was a client to take them, also where one could not be made at first. @type {string[]} */
const early = [];

let isStartRead = false;

/** Ends the listening of the one before, of which no client came. */
let endBefore = () => {};

/**
 * Registers the scheme, and listens; where no client comes of it, goes on to listen for the next.
 * @param {any} app Electron's
 * @param {string} scheme its name
 * @param {(url: string) => boolean} isOurs
 * @returns {{ deliver(take: (url: string) => void): void, end(): void }}
 */
export function ownScheme(app, scheme, isOurs) {
  // A development's app is a folder that is named to Electron, and the system starts it from elsewhere.
  if (process.defaultApp) app.setAsDefaultProtocolClient(scheme, process.execPath, process.argv.slice(1, 2).map((folder) => resolve(folder)));
  else app.setAsDefaultProtocolClient(scheme);
  endBefore();
  let take = (/** @type {string} */ url) => void early.push(url);
  const takeOurs = (/** @type {string} */ url) => {
    if (!isOurs(url)) return false;
    take(url);
    return true;
  };
  const onUrl = (/** @type {any} */ event, /** @type {string} */ url) => takeOurs(url) && event.preventDefault();
  const onSecond = (/** @type {any} */ _, /** @type {string[]} */ argv) => argv.forEach(takeOurs);
  app.on("open-url", onUrl);
  app.on("second-instance", onSecond);
  if (!isStartRead) process.argv.slice(1).forEach(takeOurs);
  isStartRead = true;
  endBefore = () => {
    app.off("open-url", onUrl);
    app.off("second-instance", onSecond);
  };
  return {
    deliver(to) {
      take = to;
      early.splice(0).forEach(to);
    },
    end: endBefore,
  };
}
