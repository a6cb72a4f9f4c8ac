// @ts-check
// Pushed authorization requests: one use, a minute, the client that pushed.

import assert from "node:assert/strict";
import { test } from "node:test";

import { authorizationRequest, authorize, exchange, post, redirected, startServer, token } from "./bare-client.mjs";

/** @typedef {import("./misbehaving-server.mjs").MisbehavingServer} MisbehavingServer */

/** @param {MisbehavingServer} server @param {Record<string, string>} [over] */
const push = (server, over) => post(server.url("/par"), authorizationRequest(over));

/** @param {MisbehavingServer} server @param {string} requestUri @param {string} [clientId] */
const present = (server, requestUri, clientId = "spa") =>
  redirected(`${server.url("/authorize")}?${new URLSearchParams({ client_id: clientId, request_uri: requestUri })}`);

test("pushed_request_stands_for_its_parameters_once", async (t) => {
  const server = await startServer(t);
  const { status, body } = await push(server, { state: "pushed" });
  assert.equal(status, 201);
  assert.match(body.request_uri, /^urn:ietf:params:oauth:request_uri:[\w-]{22}$/);
  assert.equal(body.expires_in, 60);
  const redirect = await present(server, body.request_uri);
  assert.equal(redirect.get("state"), "pushed");
  assert.equal((await token(server, exchange(redirect))).status, 200);
  assert.equal((await present(server, body.request_uri)).get("status"), "400");
});

test("pushed_request_runs_out", async (t) => {
  const server = await startServer(t);
  const { body } = await push(server);
  server.clockAhead += 61;
  assert.equal((await present(server, body.request_uri)).get("status"), "400");
});

test("pushed_request_of_another_client_is_refused", async (t) => {
  const server = await startServer(t);
  const { body } = await push(server);
  assert.equal((await present(server, body.request_uri, "other")).get("status"), "400");
});

test("pushed_request_with_a_request_uri_or_without_what_is_needed_is_invalid_request", async (t) => {
  const server = await startServer(t);
  for (const over of /** @type {Record<string, string>[]} */ ([{ request_uri: "urn:x" }, { client_id: "" }, { redirect_uri: "" }, { response_type: "" }])) {
    assert.equal((await push(server, over)).body.error, "invalid_request", JSON.stringify(over));
  }
});

test("pushed_requests_that_are_required_are_announced_and_the_only_ones_taken", async (t) => {
  const server = await startServer(t);
  assert.deepEqual(server.par.metadata(), {});
  server.par.announced = true;
  assert.deepEqual(server.par.metadata(), { pushed_authorization_request_endpoint: server.url("/par") });
  assert.ok((await authorize(server)).has("code"));
  server.par.required = true;
  assert.equal(server.par.metadata().require_pushed_authorization_requests, true);
  assert.equal((await authorize(server)).get("status"), "400");
});
