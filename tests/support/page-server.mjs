// @ts-check
// Static pages on a loopback port, under whatever host name the browser uses, with the packed package at
// /node_modules/pixie-auth and an import map that is read off the package's own exports.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";

import { packedPackage } from "./packed-package.mjs";

const TYPES = /** @type {Record<string, string>} */ ({
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
});
const PACKAGE_PATH = "/node_modules/pixie-auth/";

/** `<script type="importmap">` for every entry the package exports. */
export async function importMapTag() {
  const { manifest } = await packedPackage();
  const imports = /** @type {Record<string, string>} */ ({});
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    const file = typeof target === "string" ? target : (target.browser ?? target.import ?? target.default);
    if (typeof file !== "string" || !file.endsWith(".js")) continue;
    imports[join("pixie-auth", subpath)] = PACKAGE_PATH + file.replace(/^\.\//, "");
  }
  return `<script type="importmap">${JSON.stringify({ imports })}</script>`;
}

/**
 * @typedef {object} PageServerOptions
 * @property {Record<string, string | { type: string, body: string }>} [pages] path → HTML, or a body of another type
 * @property {string} [folder]  files served at the root
 * @property {Record<string, string>} [headers]  on every response, a Content-Security-Policy for one
 */

export class PageServer {
  /** Paths that were asked for, in order. @type {string[]} */
  requests = [];
  /** Another server on the same origin; it answers first. @type {{ handle: (request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => Promise<boolean> } | null} */
  mounted = null;

  #options;
  #packageDirectory;
  #http;

  /**
   * @param {PageServerOptions} options
   * @param {string} packageDirectory
   */
  constructor(options, packageDirectory) {
    this.#options = options;
    this.#packageDirectory = packageDirectory;
    this.#http = createServer((request, response) => void this.#answer(request, response));
  }

  /** @param {PageServerOptions} options */
  static async start(options) {
    const { directory } = await packedPackage();
    const server = new PageServer(options, directory);
    server.#http.listen(0, "127.0.0.1");
    await once(server.#http, "listening");
    return server;
  }

  /** @param {string} [host] */
  origin(host = "127.0.0.1") {
    return `http://${host}:${/** @type {import("node:net").AddressInfo} */ (this.#http.address()).port}`;
  }

  /** Has a page from now on. @param {string} path @param {string} body */
  show(path, body) {
    this.#options.pages = { ...this.#options.pages, [path]: body };
  }

  async close() {
    const closed = once(this.#http, "close");
    this.#http.close();
    this.#http.closeAllConnections();
    await closed;
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  async #answer(request, response) {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://page").pathname);
    if (this.mounted !== null && (await this.mounted.handle(request, response))) return;
    this.requests.push(path);
    const found = await this.#find(path);
    if (found === null) {
      response.writeHead(404, { "content-type": "text/plain" });
      response.end("not found");
      return;
    }
    response.writeHead(200, { "content-type": found.type, "cache-control": "no-store", ...this.#options.headers });
    response.end(found.body);
  }

  /**
   * @param {string} path
   * @returns {Promise<{ type: string, body: string | Buffer } | null>}
   */
  async #find(path) {
    const page = this.#options.pages?.[path];
    if (page !== undefined) return typeof page === "string" ? { type: TYPES[".html"], body: page } : page;
    if (path.startsWith(PACKAGE_PATH)) return readInside(this.#packageDirectory, path.slice(PACKAGE_PATH.length));
    if (this.#options.folder !== undefined) {
      return readInside(this.#options.folder, path.endsWith("/") ? `${path}index.html` : path);
    }
    return null;
  }
}

/**
 * @param {string} folder
 * @param {string} path
 */
async function readInside(folder, path) {
  const file = normalize(join(folder, path));
  if (!file.startsWith(normalize(folder) + sep)) return null;
  const body = await readFile(file).catch(() => null);
  return body === null ? null : { type: TYPES[extname(file)] ?? "application/octet-stream", body };
}
