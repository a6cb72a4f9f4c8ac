// @ts-check

/** What the page tells: it is visible again, it came back from the cache, the network is there again. */
const EVENTS = ["online", "pageshow", "visibilitychange"];

/** Where there is no page (Node) there is nothing to hear. */
export class PageEvents {
  #listener;

  /** @param {() => void} listener */
  constructor(listener) {
    // Of its own, so that two clients with one listener do not end each other's.
    this.#listener = () => listener();
    for (const event of EVENTS) globalThis.addEventListener?.(event, this.#listener);
  }

  /** Hears no more. */
  close() {
    for (const event of EVENTS) globalThis.removeEventListener?.(event, this.#listener);
  }
}

/** Whether there is a page to leave. */
export const hasPage = () => !!globalThis.location;

/** @param {string} url */
export const navigate = (url) => location.assign(url);

/** Whether this is a context in which signatures can be checked. */
export const hasSubtleCrypto = () => !!globalThis.crypto?.subtle;
