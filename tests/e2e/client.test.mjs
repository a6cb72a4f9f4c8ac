// @ts-check
// The client itself: what configuration it refuses, how it ends, and what its errors are made of.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";

after(closeBrowser);

const badConfigs = /** @type {[string, Record<string, unknown>, string][]} */ ([
  ["without_clientId", { clientId: undefined }, "invalid_config"],
  ["with_an_empty_clientId", { clientId: "" }, "invalid_config"],
  ["with_a_clientId_that_is_a_number", { clientId: 7 }, "invalid_config"],
  ["without_redirectUri", { redirectUri: undefined }, "invalid_config"],
  ["with_a_relative_redirectUri", { redirectUri: "/callback" }, "invalid_config"],
  ["with_a_redirectUri_that_is_no_url", { redirectUri: "not a url" }, "invalid_config"],
  ["with_a_redirectUri_that_has_a_fragment", { redirectUri: "http://127.0.0.1/callback#x" }, "invalid_config"],
  ["without_issuer_and_metadata", { issuer: undefined }, "invalid_config"],
  ["with_an_issuer_that_is_no_url", { issuer: "not a url" }, "invalid_config"],
  ["with_an_issuer_that_is_a_number", { issuer: 7 }, "invalid_config"],
  ["with_an_issuer_with_a_query", { issuer: "https://issuer.example/?tenant=1" }, "invalid_config"],
  ["with_an_issuer_with_a_fragment", { issuer: "https://issuer.example/#x" }, "invalid_config"],
  ["with_an_unknown_storage", { storage: "cookie" }, "invalid_config"],
  ["with_a_scope_that_is_a_list", { scope: ["openid"] }, "invalid_config"],
  ["with_an_unknown_pkceMethod", { pkceMethod: "S512" }, "invalid_config"],
  ["with_a_clockTolerance_that_is_negative", { clockTolerance: -1 }, "invalid_config"],
  ["with_a_clockTolerance_that_is_a_string", { clockTolerance: "5" }, "invalid_config"],
  ["with_a_leadTime_that_is_negative", { autoRefresh: { leadTime: -1 } }, "invalid_config"],
  ["with_a_plain_http_issuer_elsewhere", { issuer: "http://issuer.example" }, "invalid_config"],
  ["with_an_issuer_whose_name_begins_like_loopback", { issuer: "http://127.0.0.1.evil.example" }, "invalid_config"],
  ["with_an_issuer_whose_name_ends_like_loopback", { issuer: "http://evil-localhost" }, "invalid_config"],
  ["with_an_issuer_that_hides_its_host", { issuer: "http://localhost@evil.example" }, "invalid_config"],
]);
test("create_with_a_bad_configuration", async (t) => {
  // Nothing is left behind by a refusal: one page serves all of them.
  const stage = await Stage.set(t);
  const tab = await stage.tab();
  for (const [name, config, code] of badConfigs) {
    await t.test(`create_${name}_is_${code}`, async () => {
      stage.server.requests.length = 0;
      const error = await tab.createFails(code, config);
      assert.equal(error.action, "fix_config");
      assert.equal(error.retryable, false);
      assert.deepEqual(stage.server.requests, [], "nobody was asked anything");
    });
  }
  for (const config of [undefined, null, 7, "config", []]) {
    await t.test(`create_with_${JSON.stringify(config) ?? "nothing"}_is_invalid_config`, async () => {
      const outcome = await tab.page.evaluate((value) => /** @type {any} */ (globalThis).harness.create(value), config);
      assert.equal(outcome.error?.code, "invalid_config");
    });
  }
});

test("create_with_a_plain_http_issuer_elsewhere_and_allowInsecure_goes_on", async (t) => {
  const stage = await Stage.set(t);
  const tab = await stage.tab();
  const issuer = stage.server.issuer.replace("127.0.0.1", "spa.test");
  await tab.createFails("invalid_config", { issuer });
  stage.server.shapeMetadata = (metadata) => ({ ...metadata, issuer });
  await tab.create({ issuer, allowInsecure: true });
});

for (const host of ["localhost", "127.0.0.1"]) {
  test(`create_with_a_plain_http_issuer_on_${host}_needs_no_leave`, async (t) => {
    const stage = await Stage.set(t);
    const issuer = stage.server.issuer.replace("127.0.0.1", host);
    stage.server.shapeMetadata = (metadata) => ({ ...metadata, issuer });
    await (await stage.tab()).create({ issuer });
  });
}

test("create_on_a_page_that_is_no_secure_context_wants_allowInsecure", async (t) => {
  const stage = await Stage.set(t);
  const tab = await stage.tab();
  await tab.open(`${stage.pages.origin("spa.test")}/`);
  const redirectUri = `${stage.pages.origin("spa.test")}/callback`;
  await tab.createFails("insecure_context", { redirectUri });
  const warned = tab.page.waitForEvent("console", (message) => message.type() === "warning");
  await tab.create({ redirectUri, allowInsecure: true });
  assert.match((await warned).text(), /ID tokens unverified/);
  await tab.login();
  await tab.create({ redirectUri, allowInsecure: true });
  assert.equal((await tab.succeeds("handleCallback")).session.claims.sub, "alice");
});

test("create_pkceMethod_plain_is_only_used_when_said", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create({ pkceMethod: "plain" });
  await tab.login();
  await tab.create({ pkceMethod: "plain" });
  await tab.succeeds("handleCallback");
  const [{ query }] = stage.server.requestsTo("/authorize");
  assert.equal(query.code_challenge_method, "plain");
  assert.equal(query.code_challenge, stage.server.tokenRequests()[0].form.code_verifier);
});

test("constructor_is_not_for_programs", async (t) => {
  const stage = await Stage.set(t);
  const tab = await stage.tab();
  const made = await tab.page.evaluate(() => {
    try {
      new /** @type {any} */ (globalThis).harness.pixie.AuthClient();
      return "made";
    } catch (error) {
      return error instanceof Error ? "refused" : "threw something";
    }
  });
  assert.equal(made, "refused");
});

test("close_makes_every_later_call_reject_with_client_closed", async (t) => {
  const stage = await Stage.set(t);
  const { tab } = await stage.signedInTab();
  const url = tab.page.url();
  await tab.succeeds("close");
  await tab.succeeds("close");
  const calls = /** @type {[string, ...unknown[]][]} */ ([
    ["login"],
    ["createLoginUrl"],
    ["handleCallback", url],
    ["getSession"],
    ["getAccessToken"],
    ["refresh"],
    ["logout", { local: true }],
    ["handleLogoutCallback", `${url}?state=x`],
  ]);
  for (const [method, ...parameters] of calls) await tab.fails(method, "client_closed", ...parameters);
  assert.deepEqual(await tab.unhandled(), []);
});

test("close_leaves_the_stored_session", async (t) => {
  const stage = await Stage.set(t);
  const { tab, session } = await stage.signedInTab();
  await tab.succeeds("close");
  assert.deepEqual(await tab.eventsOf("signedOut"), []);
  await tab.create();
  assert.equal((await tab.succeeds("getSession")).accessToken, session.accessToken);
});

test("close_stops_the_scheduler", async (t) => {
  const stage = await Stage.set(t, { clock: true });
  const { tab } = await stage.signedInTab();
  await tab.succeeds("close");
  await tab.moveClock(7200);
  await tab.page.waitForTimeout(200);
  assert.equal(stage.server.tokenRequests("refresh_token").length, 0);
  assert.deepEqual(await tab.unhandled(), []);
});

test("close_while_a_refresh_is_under_way_settles_it", async (t) => {
  const stage = await Stage.set(t);
  const { tab } = await stage.signedInTab();
  const [refresh, close] = await tab.together(["refresh"], ["close"]);
  assert.equal(close.ok, true);
  if (!refresh.ok) assert.ok(["client_closed", "aborted"].includes(refresh.error.code), refresh.error.code);
  assert.deepEqual(await tab.unhandled(), []);
});

test("asyncDispose_closes", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  await tab.page.evaluate(async () => {
    const { client } = /** @type {any} */ (globalThis).harness;
    await client[/** @type {any} */ (Symbol).asyncDispose]();
  });
  await tab.fails("getSession", "client_closed");
});

test("authError_members_survive_logging_and_say_only_what_is_public", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  const seen = await tab.page.evaluate(async () => {
    const { client, pixie } = /** @type {any} */ (globalThis).harness;
    const error = await client.getAccessToken().catch((/** @type {unknown} */ reason) => reason);
    const enumerable = [];
    for (const name in error) enumerable.push(name);
    return {
      isError: error instanceof Error,
      isAuthError: error instanceof pixie.AuthError,
      text: String(error),
      hasStack: typeof error.stack === "string",
      enumerable: enumerable.sort(),
      prototypeIsErrors: Object.getPrototypeOf(pixie.AuthError.prototype) === Error.prototype,
    };
  });
  assert.equal(seen.isError, true);
  assert.equal(seen.isAuthError, true);
  assert.equal(seen.prototypeIsErrors, true);
  assert.equal(seen.hasStack, true);
  assert.match(seen.text, /^AuthError: /);
  const known = ["action", "code", "name", "oauthError", "oauthErrorDescription", "retryable", "status"];
  for (const name of seen.enumerable) assert.ok(known.includes(name), `${name} is not of the contract`);
});

test("bad_arguments_are_invalid_config_and_reach_nobody", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  stage.server.requests.length = 0;
  const calls = /** @type {[string, ...unknown[]][]} */ ([
    ["createLoginUrl", { prompt: 7 }],
    ["createLoginUrl", { maxAge: -1 }],
    ["createLoginUrl", { maxAge: "soon" }],
    ["createLoginUrl", { extraParameters: { name: 7 } }],
    ["getAccessToken", { minValidity: NaN }],
    ["getAccessToken", { minValidity: "60" }],
  ]);
  for (const [method, ...parameters] of calls) {
    const outcome = await tab.call(method, ...parameters);
    assert.equal(outcome.error?.code, "invalid_config", `${method}(${JSON.stringify(parameters)})`);
  }
  assert.deepEqual(stage.server.requests, []);
});

test("handleCallback_address_that_is_no_url_is_refused_cleanly", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  for (const url of ["not a url", "", "?", "http://[", 7, null, {}]) {
    const outcome = await tab.call("handleCallback", url);
    assert.ok(
      ["callback_invalid", "callback_state_unknown", "invalid_config"].includes(outcome.error?.code ?? ""),
      `${JSON.stringify(url)}: ${outcome.error?.code ?? "accepted"}`,
    );
  }
});

test("appState_that_cannot_be_cloned_is_invalid_config", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  const code = await tab.page.evaluate(() =>
    /** @type {any} */ (globalThis).harness.client.createLoginUrl({ appState: () => {} }).then(
      () => "taken",
      (/** @type {any} */ error) => error.code,
    ),
  );
  assert.equal(code, "invalid_config");
});

test("login_with_a_signal_that_was_aborted_is_aborted_and_leaves_nothing", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  const before = tab.page.url();
  const codes = await tab.page.evaluate(() => {
    const { client } = /** @type {any} */ (globalThis).harness;
    const attempts = [client.login({ signal: AbortSignal.abort() }), client.createLoginUrl({ signal: AbortSignal.abort() })];
    return Promise.all(attempts.map((attempt) => attempt.then(() => "made", (/** @type {any} */ error) => error.code)));
  });
  assert.deepEqual(codes, ["aborted", "aborted"]);
  assert.equal(tab.page.url(), before);
  const left = Object.keys(await tab.stored("sessionStorage"));
  assert.deepEqual(left.filter((key) => !key.endsWith(" metadata")), []);
});
