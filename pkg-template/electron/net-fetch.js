// @ts-check
// fetch by Chromium's network stack, with the system's proxies and certificates: Electron's `net`, whose own fetch came with
// Electron 25 and follows redirects whether or not it is told to.

/** Bytes of an answer that are read at most: a token response is a few thousand. */
const LARGEST = 8 * 1024 * 1024;

/** Answers that have no body. */
const WITHOUT_BODY = [204, 205, 304];

/**
 * @param {any} net Electron's
 * @returns {(url: string, init?: any) => Promise<any>} as much of fetch as the client asks for: a Response where the host has
 * that class, and otherwise an object with `status`, `headers.get` and `text`
 */
export const netFetch = (net) => (url, { method = "GET", headers = {}, body, signal, cache } = {}) =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const request = net.request({ url, method, redirect: "manual", credentials: "omit", cache: cache ?? "default" });
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
    const end = (/** @type {() => void} */ settle) => {
      signal?.removeEventListener("abort", abort);
      settle();
    };
    const answer = (/** @type {any} */ one) => end(() => resolve(one));
    const fail = (/** @type {unknown} */ error) => end(() => reject(error instanceof Error ? error : new TypeError("the request failed")));
    const giveUp = (/** @type {unknown} */ error) => {
      // What it still says is for nobody.
      fail(error);
      request.abort();
    };
    const abort = () => giveUp(signal.reason);
    signal?.addEventListener("abort", abort);
    request.on("redirect", (/** @type {number} */ status) => {
      answer(response(status, "", {}));
      request.abort();
    });
    request.on("response", (/** @type {any} */ incoming) => {
      /** @type {Buffer[]} */
      const parts = [];
      let size = 0;
      incoming.on("data", (/** @type {Buffer} */ part) => {
        size += part.length;
        parts.push(part);
        if (size > LARGEST) giveUp(new TypeError("the answer is too long"));
      });
      incoming.on("end", () => answer(response(incoming.statusCode, Buffer.concat(parts).toString("utf8"), incoming.headers)));
      incoming.on("aborted", fail);
      incoming.on("error", fail);
    });
    request.on("error", fail);
    request.end(body);
  });

/** @param {number} status @param {string} body @param {Record<string, string | string[]>} headers */
function response(status, body, headers) {
  const one = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), `${value}`]));
  if (globalThis.Response && status >= 200) return new Response(WITHOUT_BODY.includes(status) ? null : body, { status, headers: one });
  return { status, ok: status >= 200 && status < 300, headers: { get: (/** @type {string} */ name) => one[name.toLowerCase()] ?? null }, text: async () => body };
}
