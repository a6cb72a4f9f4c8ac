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
 * RFC 6750 §3, RFC 9449 §7.1: what a protected resource says to a token that it does not take.
 * @param {string} scheme as it is to be written
 * @param {Record<string, string>} [parameters]
 * @param {{ status?: number, headers?: Record<string, string> }} [options]
 * @returns {Answer}
 */
export function challenge(scheme, parameters = {}, { status = 401, headers = {} } = {}) {
  const list = Object.entries(parameters).map(([name, value]) => `${name}="${value}"`);
  return empty({ status, headers: { "www-authenticate": [scheme, list.join(", ")].filter(Boolean).join(" "), ...headers } });
}

/**
 * JSON that is right, and far longer than any that a client has use for.
 * @param {Record<string, unknown>} body
 * @param {{ bytes?: number, status?: number }} [options]
 * @returns {Answer}
 */
export function huge(body, { bytes = 10_000_000, status = 200 } = {}) {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(JSON.stringify({ ...body, padding: "x".repeat(bytes) }));
  };
}

/**
 * A body that comes a byte at a time, and may take for ever; a client that only waits for each byte never gives up.
 * @param {string} body
 * @param {{ pause: number, type?: string }} options milliseconds between two bytes
 * @returns {Answer}
 */
export function trickle(body, { pause, type = "application/json" }) {
  return (response) => {
    response.writeHead(200, { "content-type": type, "cache-control": "no-store" });
    let sent = 0;
    const timer = setInterval(() => {
      response.write(body.slice(sent, sent + 1));
      sent += 1;
      if (sent >= body.length) response.end();
    }, pause);
    response.on("close", () => clearInterval(timer));
    response.on("finish", () => clearInterval(timer));
  };
}

/**
 * @param {Answer} answer
 * @param {Record<string, string>} headers
 * @returns {Answer}
 */
export function withHeaders(answer, headers) {
  return (response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    answer(response);
  };
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
