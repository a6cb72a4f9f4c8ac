// @ts-check
// Serves the demo's page and the built package, as files, to this machine only.

import { createHash } from "node:crypto";
import { readFile, realpath } from "node:fs/promises";
import { extname, join, sep } from "node:path";

/** @type {Record<string, string>} */
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ts": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

const PACKAGE_PATH = "/node_modules/pixie-auth/";

/** The addresses that the authorization server sends a person back to show the same page. */
const PAGE_PATHS = new Set(["/", "/callback", "/logged-out"]);

/**
 * @param {object} options
 * @param {string} options.pageFolder
 * @param {string} options.packageFolder
 * @param {{ issuer: string, clientId: string, scope: string }} options.config What /config.json says.
 * @returns {Promise<import("node:http").RequestListener>}
 */
export async function createStaticServer({ pageFolder, packageFolder, config }) {
  const pageRoot = await realpath(pageFolder);
  const packageRoot = await realpath(packageFolder);
  const headers = {
    "Content-Security-Policy": await contentSecurityPolicy(join(pageRoot, "index.html"), new URL(config.issuer).origin),
    // The address of the callback carries a code: it goes to nobody.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    // A rebuilt package must be seen at the next reload.
    "Cache-Control": "no-cache",
  };

  return async (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { ...headers, Allow: "GET, HEAD" }).end();
      return;
    }
    try {
      const path = pathOf(request.url ?? "/");
      const found = path === "/config.json" ? configFile(config) : path && (await fileAt(path));
      if (!found) {
        response.writeHead(404, { ...headers, "Content-Type": "text/plain; charset=utf-8" }).end("Not found\n");
        return;
      }
      response.writeHead(200, { ...headers, "Content-Type": found.type, "Content-Length": found.body.length });
      response.end(request.method === "HEAD" ? undefined : found.body);
    } catch (error) {
      console.error(error);
      if (!response.headersSent) response.writeHead(500, headers);
      response.end();
    }
  };

  /** @param {string} path */
  function fileAt(path) {
    if (PAGE_PATHS.has(path)) return readWithin(pageRoot, "index.html");
    if (path.startsWith(PACKAGE_PATH)) return readWithin(packageRoot, path.slice(PACKAGE_PATH.length));
    return readWithin(pageRoot, path.slice(1));
  }
}

/** @param {object} config */
function configFile(config) {
  return { type: TYPES[".json"], body: Buffer.from(JSON.stringify(config)) };
}

/**
 * @param {string} target The request's.
 * @returns {string | undefined} the decoded path, or undefined where it cannot be one of ours
 */
function pathOf(target) {
  try {
    const path = decodeURIComponent(target.split(/[?#]/, 1)[0]);
    return path.startsWith("/") && !/[\0\\]/.test(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The real path decides: neither ".." nor a symbolic link leads out of the folder.
 * @param {string} root
 * @param {string} relative
 */
async function readWithin(root, relative) {
  try {
    const file = await realpath(join(root, relative));
    if (!file.startsWith(root + sep)) return undefined;
    return { type: TYPES[extname(file)] ?? "application/octet-stream", body: await readFile(file) };
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw error;
  }
}

/**
 * The policy of the demo's page, served or in a window.
 * @param {string} page The file whose inline import map is allowed, by its hash.
 * @param {string} issuer
 */
export async function contentSecurityPolicy(page, issuer) {
  const importMap = /<script type="importmap">(?<text>[^<]*)<\/script>/.exec(await readFile(page, "utf8"))?.groups?.text;
  if (importMap === undefined) throw new Error(`${page} has no import map`);
  const hash = createHash("sha256").update(importMap).digest("base64");
  return [
    "default-src 'self'",
    `script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}'`,
    `connect-src 'self' ${issuer}`,
    "style-src 'self'",
    `frame-src ${issuer}`,
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
