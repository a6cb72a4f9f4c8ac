// @ts-check

/** What is delivered, by the number of driver.rs. */
const PAGE = 4;

/** What the page tells: the network is there again, it came back from the cache, it was shown or hidden. */
const EVENTS = ["online", "pageshow", "visibilitychange"];

/** Whether somebody may be looking. Where there is no page, nobody can hide it. */
export const isVisible = () => globalThis.document?.visibilityState !== "hidden";

/** Where there is no page (Node) there is nothing to hear. */
export class PageEvents {
  #listener;

  /**
   * @param {(arrival: number, op: number, number: number) => void} deliver told 1 where the page is visible now, and 2
   * more where times may be better than they were: a page that is hidden says nothing about them
   */
  constructor(deliver) {
    this.#listener = (/** @type {Event} */ { type }) => {
      const visible = isVisible();
      deliver(PAGE, 0, +visible + 2 * +(visible || type !== "visibilitychange"));
    };
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
