// @ts-check
// fetch over Electron's net (pkg-template/electron/net-fetch.js), here over Node's HTTP in the same shape; tests/electron has the
// real one.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { test } from "node:test";

import { netFetch } from "../../pkg-template/electron/net-fetch.js";

/** @param {import("node:test").TestContext} t @param {import("node:http").RequestListener} answer */
async function server(t, answer) {
  const listening = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => listening.once("listening", resolve));
  t.after(() => (listening.closeAllConnections(), listening.close()));
  return `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (listening.address()).port}/`;
}

/** What Electron's `net` has of this, with what it was asked for. */
function net() {
  /** @type {any[]} */
  const asked = [];
  return {
    asked,
    request(/** @type {any} */ { url, method, ...how }) {
      const request = httpRequest(url, { method });
      const emit = request.emit.bind(request);
      // Electron stops at a redirect by an event of its own.
      request.emit = (/** @type {string} */ event, /** @type {any[]} */ ...values) =>
        event === "response" && values[0].statusCode >= 300 && values[0].statusCode < 304 ? emit("redirect", values[0].statusCode, method, values[0].headers.location, {}) : emit(event, ...values);
      asked.push({ url, method, ...how });
      return Object.assign(request, { abort: () => request.destroy() });
    },
  };
}

test("netFetch_request_isSentAsTheClientAsksAndAnswered", async (t) => {
  /** @type {any} */
  let seen;
  const url = await server(t, (request, response) => {
    let body = "";
    request.on("data", (part) => (body += part)).on("end", () => {
      seen = { method: request.method, accept: request.headers.accept, body };
      response.writeHead(400, { "Content-Type": "application/json", "DPoP-Nonce": "n" }).end('{"error":"ü"}');
    });
  });
  const host = net();
  const signal = new AbortController().signal;
  const answer = await netFetch(host)(url, { method: "POST", headers: { Accept: "application/json" }, body: "a=b", signal, cache: "no-store" });
  assert.deepEqual(seen, { method: "POST", accept: "application/json", body: "a=b" });
  assert.deepEqual([answer.status, answer.ok, answer.headers.get("dpop-nonce"), await answer.text()], [400, false, "n", '{"error":"ü"}']);
  assert.deepEqual([host.asked[0].credentials, host.asked[0].redirect, host.asked[0].cache], ["omit", "manual", "no-store"]);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("netFetch_answerWithoutABody_isGivenSo", async (t) => {
  const url = await server(t, (_, response) => response.writeHead(204).end());
  const answer = await netFetch(net())(url);
  assert.deepEqual([answer.status, await answer.text()], [204, ""]);
});

test("netFetch_whereTheHostHasNoResponse_givesAnObjectOfItsShape", async (t) => {
  const url = await server(t, (_, response) => response.writeHead(200, { "Retry-After": "3" }).end("x"));
  const { Response } = globalThis;
  t.after(() => Object.assign(globalThis, { Response }));
  Object.assign(globalThis, { Response: undefined });
  const answer = await netFetch(net())(url);
  assert.deepEqual([answer.status, answer.ok, answer.headers.get("Retry-After"), answer.headers.get("x"), await answer.text()], [200, true, "3", null, "x"]);
});

test("netFetch_redirect_isNotFollowed", async (t) => {
  let count = 0;
  const url = await server(t, (_, response) => {
    count += 1;
    response.writeHead(302, { Location: "/elsewhere" }).end();
  });
  assert.equal((await netFetch(net())(url)).status, 302);
  assert.equal(count, 1);
});

test("netFetch_signal_abortsBeforeAndDuringTheRequest", async (t) => {
  const url = await server(t, () => {});
  const reason = new Error("on purpose");
  const host = net();
  await assert.rejects(netFetch(host)(url, { signal: AbortSignal.abort(reason) }), reason);
  assert.deepEqual(host.asked, []);
  const controller = new AbortController();
  const asked = netFetch(host)(url, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(asked, reason);
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});

test("netFetch_serverThatIsNotThere_rejects", async () => {
  await assert.rejects(netFetch(net())("http://127.0.0.1:1/"), { code: "ECONNREFUSED" });
});

test("netFetch_answerThatIsCutOff_rejects", async (t) => {
  const url = await server(t, (_, response) => {
    response.writeHead(200, { "Content-Length": "100" });
    response.write("half", () => response.destroy());
  });
  await assert.rejects(netFetch(net())(url), Error);
});

test("netFetch_answerWithoutAnEnd_isGivenUpAndSaysWhy", async (t) => {
  const url = await server(t, (_, response) => {
    response.writeHead(200);
    const part = Buffer.alloc(1024 * 1024);
    const go = () => void (response.destroyed || response.write(part, go));
    go();
  });
  await assert.rejects(netFetch(net())(url), { name: "TypeError", message: "the answer is too long" });
});
