// @ts-check

/** What is delivered, by the number of driver.rs. */
const RESPONDED = 2;

/** What a response is asked for. */
const HEADERS = ["Retry-After", "Date", "DPoP-Nonce"];

/** A timer that is later than this was asleep, and so long an answer has then to be heard. Milliseconds. */
const AWAKE = 2000;

/**
 * Requests by the host's `fetch`, or the program's own: each within a time limit, without credentials, and a form is
 * not carried along a redirect.
 */
export class Requests {
  #fetch;
  #limit;
  #deliver;
  /** @type {Set<(status?: number) => boolean>} */
  #flights = new Set();

  /**
   * @param {typeof fetch | undefined} fetch the page's is looked up each time: programs wrap it
   * @param {number} limit milliseconds
   * @param {(arrival: number, op: number, status: number, body?: string, headers?: string, sentAt?: number) => void} deliver
   * called once for each request, unless it is closed before. The status is -1 where there is no connection and -2
   * where the limit ran out; the headers are `Retry-After`, `Date` and `DPoP-Nonce`, a line
   * each.
   */
  constructor(fetch, limit, deliver) {
    this.#fetch = fetch;
    this.#limit = limit;
    this.#deliver = deliver;
  }

  /**
   * A POST where there is a form.
   * @param {number} op @param {string} url @param {string | undefined} form @param {string | undefined} authorization
   * @param {string | undefined} proof @param {boolean} isFresh past all caches
   * @param {boolean} outlivesPage goes on when the page is left or this is closed, and nothing is delivered
   */
  send(op, url, form, authorization, proof, isFresh, outlivesPage) {
    const sentAt = Date.now();
    const controller = new AbortController();
    const stop = (/** @type {number=} */ status) => {
      clearTimeout(timer);
      // Not where there is an answer, as it makes an error with a stack.
      if (!(/** @type {number} */ (status) > 0)) controller.abort();
      return this.#flights.delete(stop);
    };
    const end = (/** @type {number} */ status, /** @type {string=} */ body, /** @type {string=} */ headers) => {
      // Whichever end comes first is the end.
      if (stop(status)) this.#deliver(RESPONDED, op, status, body, headers, sentAt);
    };
    if (!outlivesPage) this.#flights.add(stop);
    // Not left to the signal: the program's own fetch may not heed it.
    let timer = setTimeout(() => {
      // A page that slept hears its timers before the answer that came meanwhile, and that may be the only one there is.
      if (Date.now() - sentAt < this.#limit + AWAKE) end(-2);
      else timer = setTimeout(end, AWAKE, -2);
    }, this.#limit);
    const request = async () => {
      const response = await (this.#fetch ?? fetch)(url, {
        headers: {
          Accept: "application/json",
          ...(form && { "Content-Type": "application/x-www-form-urlencoded" }),
          ...(authorization && { Authorization: authorization }),
          ...(proof && { DPoP: proof }),
        },
        ...(isFresh && { cache: "reload" }),
        ...(outlivesPage && { keepalive: true }),
        ...(form && { method: "POST", body: form, redirect: "manual", cache: "no-store" }),
        credentials: "omit",
        referrerPolicy: "no-referrer",
        signal: controller.signal,
      });
      // As text whatever they are: the program's own fetch may give a likeness of a response.
      const body = await response.text();
      // One that is not there is an empty line, and none has a line break in it.
      end(+response.status, `${body}`, HEADERS.map((name) => response.headers?.get(name)).join("\n"));
    };
    request().catch(() => end(-1));
  }

  /** Gives up all that are on their way. */
  close() {
    for (const stop of this.#flights) stop();
  }
}
