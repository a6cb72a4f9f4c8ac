// @ts-check

import assert from "node:assert/strict";
import { test } from "node:test";
import { listenOnLoopback } from "./loopback-listener.mjs";

test("wanted_port_in_use_gives_way_to_a_later_one", async (t) => {
  const first = await listenOnLoopback({ host: "localhost", port: 0 });
  t.after(() => first.close());
  const second = await listenOnLoopback({ host: "localhost", port: first.port });
  t.after(() => second.close());
  assert.ok(second.port > first.port);
  assert.equal(second.origin, `http://localhost:${second.port}`);
});

test("port_taken_on_one_address_of_localhost_is_not_used_on_the_other", async (t) => {
  const first = await listenOnLoopback({ host: "127.0.0.1", port: 0 });
  t.after(() => first.close());
  const second = await listenOnLoopback({ host: "localhost", port: first.port });
  t.after(() => second.close());
  assert.notEqual(second.port, first.port);
});

test("request_before_there_is_a_handler_is_answered_by_it", async (t) => {
  const listener = await listenOnLoopback({ host: "localhost", port: 0 });
  t.after(() => listener.close());
  const early = fetch(listener.origin);
  listener.serve((_request, response) => response.end("here"));
  assert.equal(await (await early).text(), "here");
});

test("closed_listener_frees_its_port", async (t) => {
  const first = await listenOnLoopback({ host: "localhost", port: 0 });
  await first.close();
  const second = await listenOnLoopback({ host: "localhost", port: first.port });
  t.after(() => second.close());
  assert.equal(second.port, first.port);
});

test("host_that_others_could_reach_is_refused", async () => {
  await assert.rejects(listenOnLoopback({ host: "0.0.0.0", port: 0 }), TypeError);
});
