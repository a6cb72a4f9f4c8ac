// @ts-check
// As much of a browser as a sign-in needs, for this folder's tests: cookies with their paths, redirects, forms.

/**
 * @typedef {object} Page
 * @property {string} url Where it is, or where the last redirect points.
 * @property {number} status
 * @property {Headers} headers
 * @property {string} text
 */

export class UserAgent {
  /** @type {Map<string, { value: string, path: string }>} */
  #cookies = new Map();
  #origin;

  /** @param {string} origin The server that is visited. A redirect to anywhere else is reported, not followed. */
  constructor(origin) {
    this.#origin = origin;
  }

  /**
   * @param {string} url
   * @param {Record<string, string>} [form] Posted, where given.
   * @returns {Promise<Page>} the page at the end of the redirects, or the redirect that leaves the server
   */
  async visit(url, form) {
    let address = new URL(url, this.#origin);
    let body = form && new URLSearchParams(form);
    for (;;) {
      const response = await fetch(address, {
        method: body ? "POST" : "GET",
        body,
        redirect: "manual",
        headers: { accept: "text/html", cookie: this.#cookiesFor(address.pathname) },
      });
      this.#keep(response.headers.getSetCookie(), address.pathname);
      const text = await response.text();
      const location = response.headers.get("location");
      if (location) address = new URL(location, address);
      if (!location || address.origin !== this.#origin) {
        return { url: address.href, status: response.status, headers: response.headers, text };
      }
      body = undefined;
    }
  }

  /** @param {string} path */
  #cookiesFor(path) {
    return [...this.#cookies]
      .filter(([, cookie]) => path === cookie.path || path.startsWith(cookie.path.replace(/\/?$/, "/")))
      .map(([name, { value }]) => `${name}=${value}`)
      .join("; ");
  }

  /**
   * @param {string[]} headers
   * @param {string} path
   */
  #keep(headers, path) {
    for (const header of headers) {
      const [pair, ...attributes] = header.split(/;\s*/);
      const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
      const attribute = (/** @type {string} */ wanted) =>
        attributes.find((given) => given.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
      if (value === "" || new Date(attribute("expires") ?? "9999").getTime() < Date.now()) this.#cookies.delete(name);
      else this.#cookies.set(name, { value, path: attribute("path") ?? path });
    }
  }
}
