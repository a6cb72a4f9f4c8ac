// @ts-check
// What the token endpoint may answer when the code is exchanged: what is borne and what is refused, with which code.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import * as answers from "../support/answers.mjs";
import { atCallback } from "../support/at-callback.mjs";
import { closeBrowser } from "../support/browser.mjs";

after(closeBrowser);

/**
 * @param {{ stage: import("../support/auth-tab.mjs").Stage, tab: import("../support/auth-tab.mjs").AuthTab }} scene
 */
async function assertSignedOut({ stage, tab }) {
  assert.equal(await tab.succeeds("getSession"), null);
  assert.equal((await tab.eventsOf("signedIn")).length, 0);
  assert.equal(stage.server.tokenRequests().length, 1, "the code was sent once");
  assert.deepEqual(await tab.unhandled(), []);
}

/** A body of the server's that must not show in any error. */
const MARKER = "body-that-must-not-show";

const scripted = /** @type {[string, import("../support/answers.mjs").Answer, string, Record<string, unknown>][]} */ ([
  ["html_with_200", answers.html({ body: `<!doctype html><p>${MARKER}</p>` }), "token_response_invalid", {}],
  ["html_with_400", answers.html({ status: 400, body: MARKER }), "token_request_failed", { status: 400 }],
  ["html_with_500", answers.html({ status: 500, body: MARKER }), "server_unavailable", { status: 500, retryable: true }],
  ["html_with_503", answers.html({ status: 503 }), "server_unavailable", { status: 503, retryable: true }],
  ["empty_with_200", answers.empty(), "token_response_invalid", {}],
  ["empty_with_204", answers.empty({ status: 204 }), "token_response_invalid", {}],
  ["empty_with_400", answers.empty({ status: 400 }), "token_request_failed", { status: 400 }],
  ["empty_with_401", answers.empty({ status: 401 }), "token_request_failed", { status: 401 }],
  ["empty_with_500", answers.empty({ status: 500 }), "server_unavailable", { status: 500, retryable: true }],
  ["json_cut_short", answers.text(`{"access_token": "${MARKER}`, { type: "application/json" }), "token_response_invalid", {}],
  ["null", answers.json(null), "token_response_invalid", {}],
  ["an_array", answers.json([MARKER]), "token_response_invalid", {}],
  ["a_string", answers.json(MARKER), "token_response_invalid", {}],
  ["a_form", answers.text(`access_token=${MARKER}&token_type=bearer`, { type: "application/x-www-form-urlencoded" }), "token_response_invalid", {}],
  ["invalid_grant", answers.oauthError("invalid_grant", { description: "The code is spent." }), "token_request_failed", {
    status: 400,
    oauthError: "invalid_grant",
    oauthErrorDescription: "The code is spent.",
    retryable: false,
  }],
  ["403_with_a_code_of_its_own", answers.oauthError("tenant_locked", { status: 403 }), "token_request_failed", {
    status: 403,
    oauthError: "tenant_locked",
    retryable: false,
  }],
  ["an_error_object_with_200", answers.oauthError("invalid_grant", { status: 200 }), "token_response_invalid", {}],
  ["an_error_that_is_no_string", answers.json({ error: { message: MARKER } }, { status: 400 }), "token_request_failed", {
    status: 400,
    oauthError: undefined,
  }],
  ["429_with_retry_after", answers.empty({ status: 429, headers: { "retry-after": "7" } }), "rate_limited", {
    status: 429,
    retryable: true,
  }],
  ["a_closed_connection", answers.closedConnection(), "network", { retryable: true }],
]);
for (const [name, answer, code, members] of scripted) {
  test(`token_response_${name}_is_${code}`, async (t) => {
    const scene = await atCallback(t);
    scene.stage.server.secrets.add(MARKER);
    // Chromium repeats by itself a POST whose reused connection was closed, so this one answer has to stand.
    scene.stage.server.token.always(answer);
    const error = await scene.tab.fails("handleCallback", code);
    for (const [member, value] of Object.entries(members)) {
      assert.equal(/** @type {any} */ (error)[member], value, member);
    }
    if (name !== "a_closed_connection") await assertSignedOut(scene);
  });
}

const refusedTokens = /** @type {[string, (body: Record<string, unknown>) => unknown][]} */ ([
  ["without_access_token", (body) => ({ ...body, access_token: undefined })],
  ["access_token_empty", (body) => ({ ...body, access_token: "" })],
  ["access_token_null", (body) => ({ ...body, access_token: null })],
  ["access_token_that_is_an_object", (body) => ({ ...body, access_token: { value: body.access_token } })],
  ["token_type_unknown", (body) => ({ ...body, token_type: "mac" })],
  ["token_type_that_is_a_number", (body) => ({ ...body, token_type: 1 })],
  ["token_type_dpop_that_nobody_asked_for", (body) => ({ ...body, token_type: "DPoP" })],
]);
for (const [name, shape] of refusedTokens) {
  test(`token_response_${name}_is_token_response_invalid`, async (t) => {
    const scene = await atCallback(t);
    scene.stage.server.shapeTokens = shape;
    await scene.tab.fails("handleCallback", "token_response_invalid");
    await assertSignedOut(scene);
  });
}

for (const tokenType of ["bearer", "BEARER", "bEaReR"]) {
  test(`token_type_${tokenType}_is_borne`, async (t) => {
    const { stage, tab } = await atCallback(t);
    stage.server.shapeTokens = (body) => ({ ...body, token_type: tokenType });
    const { session } = await tab.succeeds("handleCallback");
    assert.equal(session.tokenType, "Bearer");
  });
}

test("expires_in_as_a_string_is_read_as_a_number", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.shapeTokens = (body) => ({ ...body, expires_in: "3600" });
  const before = Date.now();
  const { session } = await tab.succeeds("handleCallback");
  assert.ok(session.expiresAt > before + 3_500_000 && session.expiresAt <= Date.now() + 3_600_000);
});

for (const absent of [undefined, null]) {
  test(`expires_in_${absent === null ? "null" : "absent"}_gives_expiresAt_null_and_a_token`, async (t) => {
    const { stage, tab } = await atCallback(t);
    stage.server.shapeTokens = (body) => ({ ...body, expires_in: absent });
    const { session } = await tab.succeeds("handleCallback");
    assert.equal(session.expiresAt, null);
    assert.equal(await tab.succeeds("getAccessToken"), session.accessToken);
    assert.equal(stage.server.tokenRequests().length, 1);
  });
}

for (const expiresIn of [-1, -3600, "-3600", "soon", "", {}, true]) {
  test(`expires_in_${JSON.stringify(expiresIn)}_is_token_response_invalid`, async (t) => {
    const scene = await atCallback(t);
    scene.stage.server.shapeTokens = (body) => ({ ...body, expires_in: expiresIn });
    await scene.tab.fails("handleCallback", "token_response_invalid");
    await assertSignedOut(scene);
  });
}

test("expires_in_zero_gives_a_session_whose_token_is_refreshed_at_once", async (t) => {
  const { stage, tab } = await atCallback(t, { config: { autoRefresh: false } });
  stage.server.shapeTokens = (body, form) => ({ ...body, expires_in: form.grant_type === "refresh_token" ? 3600 : 0 });
  const { session } = await tab.succeeds("handleCallback");
  assert.ok(session.expiresAt <= (await tab.now()));
  const token = await tab.succeeds("getAccessToken");
  assert.notEqual(token, session.accessToken);
  assert.equal(stage.server.tokenRequests("refresh_token").length, 1);
});

for (const expiresIn of [2_147_484, 10 ** 10, Number.MAX_SAFE_INTEGER, 1e300]) {
  test(`expires_in_huge_${expiresIn}_starts_no_storm_of_refreshes`, async (t) => {
    // Timers overflow at 2^31 ms and then fire at once.
    const { stage, tab } = await atCallback(t);
    stage.server.shapeTokens = (body) => ({ ...body, expires_in: expiresIn });
    const { session } = await tab.succeeds("handleCallback");
    assert.ok(session.expiresAt === null || session.expiresAt > Date.now() + 86_400_000);
    assert.equal(await tab.succeeds("getAccessToken"), session.accessToken);
    await tab.page.waitForTimeout(300);
    assert.equal(stage.server.tokenRequests().length, 1);
  });
}

test("body_with_a_byte_order_mark_is_read", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.byteOrderMark = true;
  const { session } = await tab.succeeds("handleCallback");
  assert.match(session.accessToken, /^access-/);
});

test("scope_empty_or_spaced_oddly_is_read", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.shapeTokens = (body) => ({ ...body, scope: "  openid   profile " });
  const { session } = await tab.succeeds("handleCallback");
  assert.deepEqual(session.scope, ["openid", "profile"]);
});

test("non_ascii_tokens_survive_storage_unchanged", async (t) => {
  const { stage, tab } = await atCallback(t);
  stage.server.shapeTokens = (body) => ({ ...body, access_token: "tök€n-😀" });
  const { session } = await tab.succeeds("handleCallback");
  assert.equal(session.accessToken, "tök€n-😀");
  await tab.open("/");
  await tab.create();
  assert.equal((await tab.succeeds("getSession")).accessToken, "tök€n-😀");
});

for (const status of [302, 307, 308]) {
  test(`redirect_${status}_from_the_token_endpoint_is_not_followed`, async (t) => {
    const scene = await atCallback(t);
    scene.stage.server.token.always(answers.redirect(scene.stage.server.url("/elsewhere"), status));
    await scene.tab.fails("handleCallback", "token_request_failed");
    assert.equal(scene.stage.server.requestsTo("/elsewhere").length, 0, "the code did not travel on");
    await assertSignedOut(scene);
  });
}

test("token_response_that_never_comes_is_timeout_at_the_default_limit_of_15_seconds", async (t) => {
  const scene = await atCallback(t, { clock: true });
  scene.stage.server.token.always(answers.silence());
  const failing = scene.tab.fails("handleCallback", "timeout");
  await scene.stage.server.received("/token");
  await scene.tab.moveClock(10);
  assert.equal(await Promise.race([failing.then(() => "given up"), delay(150, "waiting")]), "waiting");
  await scene.tab.moveClock(6);
  assert.equal((await failing).retryable, true);
  await assertSignedOut(scene);
});

test("no_error_of_any_kind_shows_a_code_a_verifier_or_a_body", async (t) => {
  // Each error of this suite is searched for the server's secrets as it leaves the tab; this one sees to it that the
  // secrets are known by then: the code was issued, the verifier was sent, and the bodies carry a marker.
  const { stage, tab } = await atCallback(t);
  stage.server.secrets.add(MARKER);
  const leaky = [
    answers.json({ error: "invalid_request", error_description: "no", access_token: MARKER, refresh_token: MARKER }, { status: 400 }),
  ];
  for (const answer of leaky) stage.server.token.next(answer);
  const error = await tab.fails("handleCallback", "token_request_failed");
  const [{ form }] = stage.server.tokenRequests();
  assert.ok(stage.server.secrets.has(form.code));
  assert.ok(stage.server.secrets.has(form.code_verifier));
  assert.ok(error.surface.includes("token_request_failed"), "the search looked at the error's members");
});
