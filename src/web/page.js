// @ts-check

/** What is delivered, by the number of driver.rs. */
const PAGE = 4;

/** What the page tells: it is visible again, it came back from the cache, the network is there again. */
const EVENTS = ["online", "pageshow", "visibilitychange"];

/** Where there is no page (Node) there is nothing to hear. */
export class PageEvents {
  #listener;

  /** @param {(arrival: number, op: number) => void} deliver */
  constructor(deliver) {
    this.#listener = () => deliver(PAGE, 0);
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
