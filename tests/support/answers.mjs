// @ts-check
// What an HTTP server may say, good or bad, as values that a test hands to an endpoint of the misbehaving server.

/** @typedef {(response: import("node:http").ServerResponse) => void} Answer */

/**
 * @param {unknown} body
 * @param {{ status?: number, headers?: Record<string, string>, byteOrderMark?: boolean }} [options]
 * @returns {Answer}
 */
export function json(body, { status = 200, headers = {}, byteOrderMark = false } = {}) {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...headers });
    response.end((byteOrderMark ? "\uFEFF" : "") + JSON.stringify(body));
  };
}

/**
 * RFC 6749 §5.2.
 * @param {string} error
 * @param {{ description?: string, status?: number, headers?: Record<string, string> }} [options]
 * @returns {Answer}
 */
export function oauthError(error, { description, status = 400, headers } = {}) {
  return json({ error, ...(description === undefined ? {} : { error_description: description }) }, { status, headers });
}

/**
 * @param {string} body
 * @param {{ status?: number, type?: string, headers?: Record<string, string> }} [options]
 * @returns {Answer}
 */
export function text(body, { status = 200, type = "text/plain; charset=utf-8", headers = {} } = {}) {
  return (response) => {
    response.writeHead(status, { "content-type": type, ...headers });
    response.end(body);
  };
}

/**
 * The page that a proxy puts in front of a server that is down or moved.
 * @param {{ status?: number, body?: string }} [options]
 * @returns {Answer}
 */
export function html({ status = 200, body = "<!doctype html><title>Sorry</title><p>Something went wrong.</p>" } = {}) {
  return text(body, { status, type: "text/html; charset=utf-8" });
}

/**
 * @param {{ status?: number, headers?: Record<string, string> }} [options]
 * @returns {Answer}
 */
export function empty({ status = 200, headers = {} } = {}) {
  return (response) => {
    response.writeHead(status, headers);
    response.end();
  };
}

/**
 * @param {string} location
 * @param {number} [status]
 * @returns {Answer}
 */
export function redirect(location, status = 302) {
  return empty({ status, headers: { location } });
}

/**
 * The connection stays open and nothing comes; the server's close() ends it.
 * @returns {Answer}
 */
export function silence() {
  return () => {};
}

/**
 * @returns {Answer}
 */
export function closedConnection() {
  return (response) => {
    response.socket?.destroy();
  };
}
