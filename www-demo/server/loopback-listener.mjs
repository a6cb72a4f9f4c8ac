// @ts-check
// A listening socket that only this machine can reach, with its port known before there is anything to serve.
//
// The two servers of the demo name each other: redirect URIs carry the application's port, the application's
// Content-Security-Policy carries the issuer's. So ports are taken first and handlers are attached afterwards.

import { createServer } from "node:http";

/**
 * Browsers try both addresses of "localhost". Whoever held the other one on the same port would answer in our place,
 * so the name takes both.
 * @type {Record<string, string[]>}
 */
const ADDRESSES = {
  localhost: ["127.0.0.1", "::1"],
  "127.0.0.1": ["127.0.0.1"],
  "[::1]": ["::1"],
};

/** How many ports above a wanted one are tried before giving up. */
const PORTS_TO_TRY = 50;

/**
 * @typedef {object} LoopbackListener
 * @property {number} port
 * @property {string} origin
 * @property {(handler: import("node:http").RequestListener) => void} serve Requests that came earlier are answered now.
 * @property {() => Promise<void>} close
 */

/**
 * @param {object} options
 * @param {string} options.host "localhost", "127.0.0.1" or "[::1]".
 * @param {number} options.port 0 for any free port; a wanted port that is taken gives way to the next free one.
 * @returns {Promise<LoopbackListener>}
 */
export async function listenOnLoopback({ host, port }) {
  const addresses = ADDRESSES[host];
  if (!addresses) {
    throw new TypeError(`only loopback hosts are served (${Object.keys(ADDRESSES).join(", ")}), not ${host}`);
  }

  /** @type {(handler: import("node:http").RequestListener) => void} */
  let serve = () => {};
  /** @type {Promise<import("node:http").RequestListener>} */
  const handler = new Promise((resolve) => {
    serve = resolve;
  });
  const answer = async (
    /** @type {import("node:http").IncomingMessage} */ request,
    /** @type {import("node:http").ServerResponse} */ response,
  ) => (await handler)(request, response);

  let lastError;
  for (let attempt = 0; attempt < PORTS_TO_TRY; attempt += 1) {
    const wanted = port === 0 ? 0 : port + attempt;
    if (wanted > 65535) break;
    try {
      const servers = await listenOnAll(addresses, wanted, answer);
      const taken = portOf(servers[0]);
      return {
        port: taken,
        origin: `http://${host}:${taken}`,
        serve,
        close: () => closeAll(servers),
      };
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EADDRINUSE") throw error;
      lastError = error;
    }
  }
  throw new Error(`no free port found from ${port} upwards`, { cause: lastError });
}

/**
 * @param {string[]} addresses
 * @param {number} port
 * @param {import("node:http").RequestListener} answer
 */
async function listenOnAll(addresses, port, answer) {
  /** @type {import("node:http").Server[]} */
  const servers = [];
  try {
    for (const address of addresses) {
      const wanted = servers.length === 0 ? port : portOf(servers[0]);
      const server = await listen(address, wanted, answer);
      if (server) servers.push(server);
    }
  } catch (error) {
    await closeAll(servers);
    throw error;
  }
  if (servers.length === 0) throw new Error(`none of ${addresses.join(", ")} exists on this machine`);
  return servers;
}

/**
 * @param {string} address
 * @param {number} port
 * @param {import("node:http").RequestListener} answer
 * @returns {Promise<import("node:http").Server | null>} null where the machine has no such address (IPv6 switched off).
 */
function listen(address, port, answer) {
  return new Promise((resolve, reject) => {
    const server = createServer(answer);
    server.once("error", (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT") resolve(null);
      else reject(error);
    });
    server.listen(port, address, () => resolve(server));
  });
}

/** @param {import("node:http").Server} server */
function portOf(server) {
  return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
}

/** @param {import("node:http").Server[]} servers */
async function closeAll(servers) {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
          server.close(() => resolve());
          // Browsers keep connections open; close() alone would wait for them.
          server.closeAllConnections();
        }),
    ),
  );
}
