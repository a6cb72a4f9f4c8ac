// @ts-check
// The redirect of a sign-in in the system's browser, taken by a listener on this machine alone: RFC 8252 §7.3.
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { AuthError } from "pixie:auth-error";
import { landingPage } from "./landing-page.js";
import { awaited } from "../patience.js";

/** IP literals, as RFC 8252 §8.3 has it: a name may lead elsewhere. */
const ADDRESSES = ["127.0.0.1", "::1"];

/** How often another free port is tried, where somebody has it at the other address. */
const TRIES = 10;

/** Milliseconds after which a connection that sends nothing is let go. */
const PATIENCE = 5_000;

/**
 * @typedef {object} Loopback
 * @property {string} redirectUri `http://127.0.0.1:PORT` and the path
 * @property {(state: string, options?: { timeout?: number, signal?: AbortSignal }) => Promise<string>} redirect The URL that the
 * browser is sent to: the first whose `state` is this. Everything else is turned away, and what comes after finds nobody.
 * `timeout` is in seconds. Rejects with `timeout`, `aborted`.
 * @property {() => void} close lets go of the port, and of whoever is connected
 */

/**
 * Listens on both loopback addresses, at a port that is free, or at the first of `ports` that is: for servers that compare
 * redirect URIs with the port.
 * @param {object} [options]
 * @param {string} [options.path]
 * @param {number[]} [options.ports]
 * @param {string} [options.appName] who the page that the browser shows then speaks for
 * @param {(outcome: { isRefused: boolean, appName: string }) => string} [options.page] that page, as HTML
 * @returns {Promise<Loopback>} Rejects with `invalid_config`, also where none of the ports is free.
 */
export async function openLoopback({ path = "/callback", ports = [], appName = "the app", page = landingPage } = {}) {
  if (!/^\/[\w\-.~/]*$/.test(path)) throw new AuthError("invalid_config", "fix_config", "an option is missing or wrong: path");
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  /** @type {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void} */
  let answer = (request, response) => turnAway(response, 404);
  const servers = await listening(ports, (request, response) => answer(request, response), sockets);
  const { port } = /** @type {import("node:net").AddressInfo} */ (servers[0].address());
  const hosts = [`127.0.0.1:${port}`, `[::1]:${port}`];
  const close = () => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  };

  /** The program's page, as far as it is one: the sign-in does not fail for it. @type {typeof page} */
  const shown = (outcome) => {
    try {
      const text = page(outcome);
      if (typeof text === "string") return text;
    } catch {
      // The same.
    }
    return landingPage(outcome);
  };

  /** @type {Loopback["redirect"]} */
  const redirect = (state, options = {}) =>
    awaited(options, (back, resolve) => {
      answer = (request, response) => {
        // Whoever asks by another name is a page that has a name of its own lead here (DNS rebinding).
        if (!hosts.includes(request.headers.host ?? "")) return turnAway(response, 421);
        // Whatever it is: what is no URL is no reason to fail.
        const [asked, query = ""] = (request.url ?? "").split(/\?(.*)/s);
        if (asked !== path) return turnAway(response, 404);
        if (request.method !== "GET") return turnAway(response, 405);
        const parameters = new URLSearchParams(query);
        const given = parameters.getAll("state");
        if (given.length !== 1 || !isSame(given[0], state)) return turnAway(response, 400);
        back(() => {
          // No more from now on.
          for (const server of servers) server.close();
          // The page first: whoever has the URL may close everything.
          response.once("close", () => {
            close();
            resolve(`http://${hosts[0]}${path}?${query}`);
          });
          response.writeHead(200, { ...HEADERS, "Content-Type": "text/html; charset=utf-8" });
          response.end(shown({ isRefused: parameters.has("error"), appName }));
          setTimeout(() => response.destroy(), PATIENCE).unref();
        });
      };
    }, () => (answer = (_, response) => turnAway(response, 410)), close);

  return { redirectUri: `http://${hosts[0]}${path}`, redirect, close };
}

/** The page has the code in its address: nothing may read it there, and nothing is loaded. */
const HEADERS = {
  "Cache-Control": "no-store",
  Connection: "close",
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/** @param {import("node:http").ServerResponse} response @param {number} status */
function turnAway(response, status) {
  response.writeHead(status, HEADERS);
  response.end();
}

/** Whether two texts are the same, in a time that says nothing about where they differ. @param {string} one @param {string} other */
const isSame = (one, other) => timingSafeEqual(digest(one), digest(other));

/** @param {string} text */
const digest = (text) => createHash("sha256").update(text).digest();

/**
 * @param {number[]} ports none where any will do
 * @param {import("node:http").RequestListener} answer
 * @param {Set<import("node:net").Socket>} sockets
 */
async function listening(ports, answer, sockets) {
  const wanted = ports.length > 0 ? ports : new Array(TRIES).fill(0);
  let cause;
  for (const port of wanted) {
    try {
      return await listeningAt(port, answer, sockets);
    } catch (error) {
      cause = error;
    }
  }
  const error = new AuthError("invalid_config", "fix_config", "an option is missing or wrong: no port to listen on, ports");
  error.cause = cause;
  throw error;
}

/** @param {number} wanted @param {import("node:http").RequestListener} answer @param {Set<import("node:net").Socket>} sockets */
async function listeningAt(wanted, answer, sockets) {
  const servers = [];
  let port = wanted;
  try {
    for (const host of ADDRESSES) {
      const server = createServer({ maxHeaderSize: 16_384 }, answer);
      server.headersTimeout = PATIENCE;
      server.requestTimeout = PATIENCE;
      server.keepAliveTimeout = 1;
      server.maxConnections = 16;
      server.on("connection", (socket) => {
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
      });
      try {
        await new Promise((resolve, reject) => {
          server.once("error", reject);
          server.listen({ host, port, exclusive: true }, () => resolve(undefined));
        });
      } catch (error) {
        // A machine without IPv6: then nobody is sent there either.
        if (servers.length > 0 && ["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(/** @type {any} */ (error).code)) break;
        throw error;
      }
      server.on("error", () => {});
      servers.push(server);
      port = /** @type {import("node:net").AddressInfo} */ (server.address()).port;
    }
    return servers;
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
}
