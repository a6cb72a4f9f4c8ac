// @ts-check
// Metadata that is absent, late, foreign or broken.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import * as answers from "../support/answers.mjs";
import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";

after(closeBrowser);

/**
 * Both documents are scripted: a client may ask for RFC 8414's where the first one fails it.
 * @param {Stage} stage
 * @param {import("../support/answers.mjs").Answer} answer
 */
function script(stage, answer) {
  stage.server.discovery.always(answer);
  stage.server.oauthMetadata.always(answer);
}

const failures = /** @type {[string, import("../support/answers.mjs").Answer][]} */ ([
  ["html", answers.html()],
  ["html_as_404", answers.html({ status: 404 })],
  ["empty", answers.empty()],
  ["json_that_stops_midway", answers.text('{"issuer": "http://', { type: "application/json" })],
  ["null", answers.json(null)],
  ["a_string", answers.json("metadata")],
  ["a_number", answers.json(7)],
  ["an_array", answers.json([])],
]);
test("discovery_that_is_no_metadata", async (t) => {
  const stage = await Stage.set(t);
  const tab = await stage.tab();
  for (const [name, answer] of failures) {
    await t.test(`discovery_that_is_${name}_is_discovery_failed`, async () => {
      script(stage, answer);
      await tab.createFails("discovery_failed");
    });
  }
});

for (const status of [500, 503, 429]) {
  test(`discovery_answered_${status}_is_discovery_failed_and_retryable`, async (t) => {
    const stage = await Stage.set(t);
    script(stage, answers.html({ status }));
    const error = await (await stage.tab()).createFails("discovery_failed");
    assert.equal(error.retryable, true);
    assert.equal(error.status, status);
  });
}

test("discovery_of_a_server_that_is_down_is_network", async (t) => {
  const stage = await Stage.set(t);
  script(stage, answers.closedConnection());
  const error = await (await stage.tab()).createFails("network");
  assert.equal(error.retryable, true);
});

test("discovery_that_failed_may_be_tried_again", async (t) => {
  const stage = await Stage.set(t);
  script(stage, answers.html());
  const tab = await stage.tab();
  await tab.createFails("discovery_failed");
  stage.server.discovery.behave();
  stage.server.oauthMetadata.behave();
  await tab.create();
  assert.match((await tab.succeeds("createLoginUrl")).url, /code_challenge=/);
});

test("discovery_of_another_issuer_is_issuer_mismatch", async (t) => {
  const stage = await Stage.set(t);
  stage.server.shapeMetadata = (metadata) => ({ ...metadata, issuer: "https://evil.example" });
  const error = await (await stage.tab()).createFails("issuer_mismatch");
  assert.equal(error.action, "fix_config");
});

test("discovery_issuer_that_differs_by_a_slash_is_issuer_mismatch", async (t) => {
  const stage = await Stage.set(t);
  stage.server.shapeMetadata = (metadata) => ({ ...metadata, issuer: `${metadata.issuer}/` });
  await (await stage.tab()).createFails("issuer_mismatch");
});

for (const missing of ["authorization_endpoint", "token_endpoint"]) {
  test(`discovery_without_${missing}_is_metadata_invalid`, async (t) => {
    const stage = await Stage.set(t);
    stage.server.shapeMetadata = (metadata) => ({ ...metadata, [missing]: undefined });
    await (await stage.tab()).createFails("metadata_invalid");
  });
}

test("discovery_without_issuer_is_issuer_mismatch", async (t) => {
  const stage = await Stage.set(t);
  stage.server.shapeMetadata = (metadata) => ({ ...metadata, issuer: undefined });
  await (await stage.tab()).createFails("issuer_mismatch");
});

const endpoints = /** @type {[string, unknown][]} */ ([
  ["a_number", 7],
  ["null", null],
  ["empty", ""],
  ["no_url", "not a url"],
  ["a_script", "javascript:alert(1)"],
  ["a_data_url", "data:text/html,hello"],
  ["plain_http_elsewhere", "http://issuer.example/authorize"],
]);
test("discovery_with_a_bad_authorization_endpoint", async (t) => {
  const stage = await Stage.set(t);
  const tab = await stage.tab();
  for (const [name, value] of endpoints) {
    await t.test(`discovery_authorization_endpoint_that_is_${name}_is_metadata_invalid`, async () => {
      stage.server.shapeMetadata = (metadata) => ({ ...metadata, authorization_endpoint: value });
      await tab.createFails("metadata_invalid");
    });
  }
});

test("discovery_with_a_byte_order_mark_is_read", async (t) => {
  const stage = await Stage.set(t);
  stage.server.discovery.always(answers.json(stage.server.metadata(), { byteOrderMark: true }));
  await (await stage.tab()).create();
});

test("discovery_of_another_media_type_is_read", async (t) => {
  const stage = await Stage.set(t);
  stage.server.discovery.always(answers.text(JSON.stringify(stage.server.metadata()), { type: "text/plain" }));
  await (await stage.tab()).create();
});

test("discovery_absent_falls_back_to_rfc8414", async (t) => {
  const stage = await Stage.set(t);
  stage.server.discovery.always(answers.html({ status: 404 }));
  stage.server.oauthMetadata.always(answers.json(stage.server.metadata()));
  const { session } = await stage.signedInTab();
  assert.equal(session.claims.sub, "alice");
});

test("discovery_issuer_with_a_path_is_asked_where_each_specification_says", async (t) => {
  // OpenID Connect Discovery §4 appends; RFC 8414 §3.1 puts the well-known part between host and path.
  const stage = await Stage.set(t);
  const issuer = `${stage.server.issuer}/tenant/one`;
  await (await stage.tab()).tryCreate({ issuer });
  const asked = stage.server.requests.filter(({ method }) => method === "GET").map(({ path }) => path);
  assert.deepEqual(asked, ["/tenant/one/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/tenant/one"]);
});

test("discovery_is_shown_as_metadata", async (t) => {
  const stage = await Stage.set(t);
  stage.server.shapeMetadata = (metadata) => ({ ...metadata, a_field_of_its_own: { deep: [1] } });
  const tab = await (await stage.tab()).create();
  const metadata = await tab.page.evaluate(() => ({ .../** @type {any} */ (globalThis).harness.client.metadata }));
  assert.equal(metadata.issuer, stage.server.issuer);
  assert.equal(metadata.token_endpoint, stage.server.url("/token"));
  assert.deepEqual(metadata.a_field_of_its_own, { deep: [1] });
});

test("config_metadata_over_discovery_wins", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create({ metadata: { authorization_endpoint: stage.server.url("/authorize?own=1") } });
  assert.match((await tab.succeeds("createLoginUrl")).url, /[?&]own=1(&|$)/);
});

test("discovery_that_never_answers_is_timeout_at_the_default_limit_of_15_seconds", async (t) => {
  const stage = await Stage.set(t, { clock: true });
  script(stage, answers.silence());
  const tab = await stage.tab();
  const failing = tab.createFails("timeout");
  await stage.server.received("/.well-known/openid-configuration");
  await tab.moveClock(10);
  assert.equal(await Promise.race([failing.then(() => "given up"), delay(150, "waiting")]), "waiting");
  await tab.moveClock(6);
  assert.equal((await failing).retryable, true);
});

test("discovery_whose_body_never_ends_is_timeout", async (t) => {
  const stage = await Stage.set(t, { clock: true });
  script(stage, (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"issuer":');
  });
  const tab = await stage.tab();
  const failing = tab.createFails("timeout");
  await stage.server.received("/.well-known/openid-configuration");
  // The head has to be in the page, so that it is the body that is late.
  await delay(150);
  await tab.moveClock(16);
  await failing;
});
