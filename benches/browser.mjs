// @ts-check
// Headless Chromium, and a server on loopback for what its pages load.
import { once } from "node:events";
import { createServer } from "node:http";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { chromiumFlags, ensureBrowser } from "../scripts/browser.mjs";

export async function launch() {
  const { chromium: executablePath } = await ensureBrowser();
  return chromium.launch({ executablePath, args: [...chromiumFlags] });
}

/** @typedef {{ type: string, body: string | Uint8Array }} File */

export const script = (/** @type {string | Uint8Array} */ body) => ({ type: "text/javascript; charset=utf-8", body });

/** As a server would send it: compressed once, not anew for each request. @param {File} file */
function encodings({ type, body }) {
  const bytes = Buffer.from(body);
  return { type, br: brotliCompressSync(bytes), gzip: gzipSync(bytes, { level: 9 }), identity: bytes };
}

/**
 * An empty page at / and these files.
 * @param {Readonly<Record<string, File>>} files path → file
 */
export async function serve(files) {
  const held = new Map(Object.entries({ "/": { type: "text/html; charset=utf-8", body: "<!doctype html><title>bench</title>" }, ...files }).map(([path, file]) => [path, encodings(file)]));
  const server = createServer((request, response) => {
    const file = held.get((request.url ?? "").split("?", 1)[0]);
    if (!file) return response.writeHead(404).end();
    const accepted = (request.headers["accept-encoding"] ?? "").split(/\s*,\s*/);
    const encoding = /** @type {const} */ (["br", "gzip"]).find((one) => accepted.includes(one)) ?? "identity";
    response.writeHead(200, { "content-type": file.type, "content-encoding": encoding, "cache-control": "no-store" });
    response.end(file[encoding]);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
