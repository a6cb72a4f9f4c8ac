// @ts-check
// Sign-in in another window: a popup, which browsers block, people close and servers part from its opener, and a hidden
// frame, which nobody sees.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import * as answers from "../support/answers.mjs";
import { Stage, assertBearsNoSecret } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";
import { importMapTag } from "../support/page-server.mjs";
import { providerStage } from "../support/provider-stage.mjs";

/** @typedef {import("../support/auth-tab.mjs").AuthTab} AuthTab */
/** @typedef {import("../support/auth-tab.mjs").Outcome} Outcome */
/** @typedef {import("playwright-core").Page} Page */

after(closeBrowser);

/** Parts the popup from its opener, when a page has it that the other has not. */
const COOP = { "cross-origin-opener-policy": "same-origin" };

/** A page of the server's that waits for the person, who comes back by its button. @param {Record<string, string>} [headers] */
const asking = (headers = {}) => answers.withHeaders(answers.html({ body: "<!doctype html><button onclick='location.reload()'>Sign in</button>" }), headers);

/**
 * The program at the redirect URI, which does what it does after `login`; what comes of that is asked for as a path.
 * @param {Stage} stage @param {Record<string, unknown>} [config]
 */
async function withProgram(stage, config = {}) {
  Object.assign(stage.config, config);
  stage.pages.show(
    "/callback",
    `<!doctype html><link rel="icon" href="data:,">${await importMapTag()}<script type="module">
      import { AuthClient } from "pixie-auth";
      const client = await AuthClient.create(${JSON.stringify(stage.config)});
      const ended = await client.handleCallback().then(() => "signed-in", (error) => error.code);
      await fetch("/ended/" + ended);
    </script>`,
  );
}

const endings = (/** @type {Stage} */ stage) => stage.pages.requests.filter((path) => path.startsWith("/ended/"));

/**
 * A call that opens a popup, and the popup.
 * @param {AuthTab} tab @param {Record<string, unknown>} [options]
 * @returns {Promise<{ popup: Page, outcome: Promise<Outcome> }>}
 */
async function opened(tab, options) {
  // Not the page's own event: a popup that is parted at once is none of the page's.
  const [popup, outcome] = await Promise.all([
    tab.page.context().waitForEvent("page"),
    // In an array, so that it is not waited for.
    Promise.resolve([tab.call("loginPopup", ...(options ? [options] : []))]),
  ]);
  return { popup, outcome: outcome[0] };
}

/** @param {Page} page */
async function closed(page) {
  if (!page.isClosed()) await page.waitForEvent("close");
}

/** Whether somebody looks at a tab, in place of what the automation says, which is that all are looked at. @param {AuthTab} tab @param {boolean} focused */
const lookAt = (tab, focused) => tab.page.evaluate((value) => void (document.hasFocus = () => value), focused);

/** @param {Promise<Outcome>} outcome @param {string} code */
async function failed(outcome, code) {
  const { ok, error, value } = await outcome;
  assert.ok(!ok, `it succeeded where ${code} was due: ${JSON.stringify(value)}`);
  assert.equal(error.code, code, error.message);
  assert.ok(error.isAuthError);
  return error;
}

/** @param {Promise<Outcome>} outcome */
async function signedIn(outcome) {
  const { ok, value, error } = await outcome;
  assert.ok(ok, error?.message);
  assert.equal(value.claims.sub, "alice");
  assert.match(value.accessToken, /^access-/);
  return value;
}

/** @param {AuthTab} tab */
async function assertLeftNothing(tab) {
  assert.equal(await tab.page.locator("iframe").count(), 0);
  assert.deepEqual(await tab.unhandled(), []);
}

test("loginPopup_signs_in_while_the_page_stays", async (t) => {
  const stage = await Stage.set(t, { ownContext: true });
  const tab = await (await stage.tab()).create();
  const before = tab.page.url();
  const { popup, outcome } = await opened(tab, { loginHint: "alice", appState: "dropped" });
  const session = await signedIn(outcome);
  await closed(popup);
  assert.equal(tab.page.url(), before);
  assert.deepEqual(await tab.succeeds("getSession"), session);
  assert.equal((await tab.eventsOf("signedIn")).length, 1);
  const [{ query }] = stage.server.requestsTo("/authorize");
  assert.equal(query.login_hint, "alice");
  assert.equal(query.prompt, undefined);
  assert.match(query.state, /^w\.[\w-]{32}$/);
  assert.ok(!JSON.stringify(await tab.stored("sessionStorage")).includes("dropped"));
  assert.equal(stage.server.tokenRequests().length, 1);
  await assertLeftNothing(tab);
});

for (const storage of ["session", "local", "memory"]) {
  test(`loginPopup_with_storage_${storage}_and_a_program_at_the_redirect_uri_spends_the_code_once`, async (t) => {
    const stage = await Stage.set(t, { ownContext: true });
    await withProgram(stage, { storage });
    stage.server.tokenDelay = 300;
    const tab = await (await stage.tab()).create();
    const { popup, outcome } = await opened(tab);
    await signedIn(outcome);
    await closed(popup);
    assert.equal(stage.server.tokenRequests().length, 1);
    assert.deepEqual(endings(stage), [], "the program in the popup was told nothing");
  });
}

test("loginPopup_with_an_empty_page_at_the_redirect_uri_signs_in", async (t) => {
  const stage = await Stage.set(t, { ownContext: true });
  stage.config.redirectUri = `${stage.pages.origin()}/blank`;
  const tab = await (await stage.tab()).create();
  const { popup, outcome } = await opened(tab);
  await signedIn(outcome);
  await closed(popup);
});

test("loginPopup_server_on_the_pages_own_origin_signs_in", async (t) => {
  // Then all of the popup's addresses can be read, the server's with the state in it, too.
  const stage = await Stage.set(t, { sameOrigin: true });
  stage.server.authorization.next(asking());
  const tab = await (await stage.tab()).create();
  const { popup, outcome } = await opened(tab);
  await popup.waitForTimeout(300);
  await popup.getByRole("button").click();
  await signedIn(outcome);
});

test("loginPopup_redirect_uri_with_a_query_of_its_own_signs_in", async (t) => {
  const stage = await Stage.set(t, { ownContext: true });
  stage.config.redirectUri = `${stage.pages.origin()}/callback?tenant=a%20b`;
  const tab = await (await stage.tab()).create();
  await signedIn((await opened(tab)).outcome);
});

test("loginPopup_over_a_session_replaces_it", async (t) => {
  // The popup begins with a copy of the tab's sessionStorage.
  const stage = await Stage.set(t, { ownContext: true });
  const { tab, session } = await stage.signedInTab();
  const again = await signedIn((await opened(tab)).outcome);
  assert.notEqual(again.accessToken, session.accessToken);
  assert.equal(await tab.succeeds("getAccessToken"), again.accessToken);
});

for (const [whose, headers, served] of /** @type {const} */ ([
  ["the_page", COOP, {}],
  ["the_server", undefined, COOP],
  ["both", COOP, COOP],
])) {
  test(`loginPopup_parted_by_${whose}_is_handed_the_redirect_by_the_program_in_the_popup`, async (t) => {
    const stage = await Stage.set(t, { ownContext: true, headers });
    await withProgram(stage);
    stage.server.authorization.next(asking(served));
    const tab = await (await stage.tab()).create();
    await lookAt(tab, false);
    const { popup, outcome } = await opened(tab);
    await popup.getByRole("button").waitFor();
    // The popup looks closed, and is not.
    await tab.page.waitForTimeout(2000);
    assert.equal(await Promise.race([outcome, "waits"]), "waits");
    await popup.getByRole("button").click();
    await signedIn(outcome);
    await closed(popup);
    assert.equal(stage.server.tokenRequests().length, 1);
    assert.deepEqual(endings(stage), []);
    assert.equal((await tab.eventsOf("signedIn")).length, 1);
  });
}

test("loginPopup_parted_and_finished_after_somebody_came_back_to_the_page_signs_in_late", async (t) => {
  const stage = await Stage.set(t, { ownContext: true, headers: COOP });
  await withProgram(stage);
  stage.server.authorization.next(asking());
  const tab = await (await stage.tab()).create();
  await lookAt(tab, false);
  const { popup, outcome } = await opened(tab);
  await popup.getByRole("button").waitFor();
  await lookAt(tab, true);
  await failed(outcome, "popup_closed");
  await popup.getByRole("button").click();
  const session = await tab.waitForEvent("signedIn");
  assert.equal(session.claims.sub, "alice");
  await closed(popup);
  assert.equal(stage.server.tokenRequests().length, 1);
});

test("loginPopup_closed_by_the_user_is_popup_closed", async (t) => {
  const stage = await Stage.set(t, { ownContext: true });
  stage.server.authorization.next(asking());
  const tab = await (await stage.tab()).create();
  const { popup, outcome } = await opened(tab);
  await popup.getByRole("button").waitFor();
  await popup.close();
  const error = await failed(outcome, "popup_closed");
  assert.equal(error.action, "sign_in");
  assert.equal(await tab.succeeds("getSession"), null);
  await assertLeftNothing(tab);
  await signedIn((await opened(tab)).outcome);
});

test("loginPopup_closes_the_popup_before_the_code_is_exchanged", async (t) => {
  const stage = await Stage.set(t, { ownContext: true });
  stage.server.tokenDelay = 1500;
  const tab = await (await stage.tab()).create();
  const { popup, outcome } = await opened(tab);
  await closed(popup);
  assert.equal(await Promise.race([outcome, "waits"]), "waits");
  await signedIn(outcome);
});

test("loginPopup_blocked_by_the_browser_is_popup_blocked", async (t) => {
  const stage = await Stage.set(t, { ownContext: true });
  const tab = await (await stage.tab()).create();
  await tab.page.evaluate(() => void (window.open = () => null));
  const error = await tab.fails("loginPopup", "popup_blocked");
  assert.equal(error.action, "sign_in");
  assert.equal(stage.server.requestsTo("/authorize").length, 0);
  assert.deepEqual(await tab.stored("sessionStorage").then((stored) => Object.keys(stored).filter((key) => key.includes(" login"))), []);
});

test("loginPopup_opens_its_window_before_anything_is_waited_for", async (t) => {
  const stage = await Stage.set(t, { ownContext: true });
  const tab = await (await stage.tab()).create();
  const wasOpened = await tab.page.evaluate(() => {
    let isOpen = false;
    window.open = () => {
      isOpen = true;
      return null;
    };
    /** @type {any} */ (globalThis).harness.client.loginPopup().catch(() => {});
    return isOpen;
  });
  assert.equal(wasOpened, true);
});

test("loginPopup_refused_by_the_server_is_authorization_failed_with_its_words", async (t) => {
  const stage = await Stage.set(t, { ownContext: true });
  await withProgram(stage);
  stage.server.shapeAuthorizationResponse = ({ state, iss }) => ({ error: "access_denied", error_description: "The user said no.", state, iss });
  const tab = await (await stage.tab()).create();
  const { popup, outcome } = await opened(tab);
  const error = await failed(outcome, "authorization_failed");
  assert.equal(error.oauthError, "access_denied");
  assert.equal(error.oauthErrorDescription, "The user said no.");
  await closed(popup);
  assert.equal(stage.server.tokenRequests().length, 0);
});

test("loginPopup_with_a_foreign_state_is_callback_state_unknown", async (t) => {
  const stage = await Stage.set(t, { ownContext: true });
  stage.server.shapeAuthorizationResponse = (parameters) => ({ ...parameters, state: "foreign" });
  const tab = await (await stage.tab()).create();
  const { popup, outcome } = await opened(tab);
  await failed(outcome, "callback_state_unknown");
  await closed(popup);
  assert.equal(stage.server.tokenRequests().length, 0);
  assert.equal(await tab.succeeds("getSession"), null);
});

test("loginPopup_with_the_state_of_another_login_is_callback_state_unknown", async (t) => {
  const stage = await Stage.set(t, { ownContext: true });
  const tab = await (await stage.tab()).create();
  const { state } = await tab.succeeds("createLoginUrl");
  stage.server.shapeAuthorizationResponse = (parameters) => ({ ...parameters, state });
  await failed((await opened(tab)).outcome, "callback_state_unknown");
  assert.equal(stage.server.tokenRequests().length, 0);
});

test("loginPopup_aborted_by_its_signal_is_aborted_and_closes_the_popup", async (t) => {
  const stage = await Stage.set(t, { ownContext: true });
  stage.server.authorization.always(asking());
  const tab = await (await stage.tab()).create();
  const arriving = tab.page.context().waitForEvent("page");
  const outcome = tab.page.evaluate(() => {
    const page = /** @type {any} */ (globalThis);
    page.controller = new AbortController();
    return page.harness.outcome(() => page.harness.client.loginPopup({ signal: page.controller.signal }));
  });
  const popup = await arriving;
  await popup.getByRole("button").waitFor();
  await tab.page.evaluate(() => /** @type {any} */ (globalThis).controller.abort());
  const error = await failed(outcome, "aborted");
  assertBearsNoSecret(error, stage.server.secrets);
  await closed(popup);
  await assertLeftNothing(tab);
});

test("loginPopup_with_a_signal_that_is_aborted_already_asks_the_server_nothing", async (t) => {
  const stage = await Stage.set(t, { ownContext: true });
  const tab = await (await stage.tab()).create();
  const outcome = tab.page.evaluate(() => {
    const { harness } = /** @type {any} */ (globalThis);
    return harness.outcome(() => harness.client.loginPopup({ signal: AbortSignal.abort() }));
  });
  await failed(outcome, "aborted");
  assert.equal(stage.server.requestsTo("/authorize").length, 0);
  for (const page of tab.page.context().pages()) if (page !== tab.page) await closed(page);
});

for (const method of ["loginPopup", "loginSilent"]) {
  test(`${method}_whose_client_is_closed_meanwhile_is_client_closed`, async (t) => {
    const stage = await Stage.set(t, { ownContext: true });
    stage.server.authorization.always(answers.silence());
    const tab = await (await stage.tab()).create();
    const outcome = tab.call(method);
    await stage.server.received("/authorize");
    await tab.succeeds("close");
    await failed(outcome, "client_closed");
    await assertLeftNothing(tab);
    for (const page of tab.page.context().pages()) if (page !== tab.page) await closed(page);
  });

  test(`${method}_redirect_uri_of_another_origin_is_invalid_config`, async (t) => {
    const stage = await Stage.set(t, { ownContext: true, config: { redirectUri: "https://elsewhere.example/callback" } });
    const tab = await (await stage.tab()).create();
    const error = await tab.fails(method, "invalid_config");
    assert.match(error.message, /redirectUri/);
    assert.equal(stage.server.requestsTo("/authorize").length, 0);
    await assertLeftNothing(tab);
  });

  test(`${method}_whose_part_of_the_package_did_not_load_may_be_tried_again`, async (t) => {
    const stage = await Stage.set(t, { ownContext: true });
    const tab = await (await stage.tab()).create();
    await tab.page.route("**/window-login.js", (route) => route.abort(), { times: 1 });
    await tab.fails(method, "wasm_load_failed");
    await signedIn(tab.call(method));
  });

  test(`${method}_in_a_page_that_does_not_get_to_look_is_handed_the_redirect`, async (t) => {
    const stage = await Stage.set(t, { ownContext: true });
    await withProgram(stage);
    const tab = await (await stage.tab()).create();
    await tab.page.evaluate(() => void (globalThis.setInterval = /** @type {any} */ (() => 0)));
    await signedIn(tab.call(method));
    assert.equal(stage.server.tokenRequests().length, 1);
    assert.deepEqual(endings(stage), []);
  });

  test(`${method}_twice_at_once_signs_in_twice`, async (t) => {
    const stage = await Stage.set(t, { ownContext: true });
    await withProgram(stage);
    const tab = await (await stage.tab()).create();
    const outcomes = await tab.together([method], [method]);
    const sessions = await Promise.all(outcomes.map((outcome) => signedIn(Promise.resolve(outcome))));
    assert.notEqual(sessions[0].accessToken, sessions[1].accessToken);
    assert.equal(stage.server.tokenRequests().length, 2);
    assert.deepEqual(endings(stage), []);
    await assertLeftNothing(tab);
  });
}

test("handleCallback_in_a_popup_whose_opener_is_gone_signs_in_there", async (t) => {
  const stage = await Stage.set(t, { ownContext: true });
  await withProgram(stage, { storage: "local" });
  stage.server.authorization.next(asking());
  const tab = await (await stage.tab()).create();
  const { popup, outcome } = await opened(tab);
  outcome.catch(() => {});
  await popup.getByRole("button").waitFor();
  await tab.open("/blank");
  await popup.getByRole("button").click();
  await popup.waitForRequest("**/ended/signed-in");
  assert.equal(stage.server.tokenRequests().length, 1);
  await tab.open("/");
  await tab.create();
  assert.equal((await tab.succeeds("getSession")).claims.sub, "alice");
});

test("handleCallback_of_a_windows_state_that_nobody_began_is_callback_state_unknown", async (t) => {
  const stage = await Stage.set(t);
  const tab = await (await stage.tab()).create();
  await tab.fails("handleCallback", "callback_state_unknown", `${stage.config.redirectUri}?code=planted&state=w.planted`);
  assert.equal(stage.server.tokenRequests().length, 0);
});

test("loginSilent_signs_in_in_a_frame_that_nobody_sees", async (t) => {
  const stage = await Stage.set(t);
  stage.server.authorization.next(asking());
  const tab = await (await stage.tab()).create();
  const outcome = tab.call("loginSilent", { prompt: "login", scope: "openid email" });
  await stage.server.received("/authorize");
  const frame = tab.page.locator("iframe");
  assert.equal(await frame.isVisible(), false);
  await tab.page.frames()[1].waitForSelector("button", { state: "attached" });
  await tab.page.frames()[1].evaluate(() => location.reload());
  await signedIn(outcome);
  const [{ query }] = stage.server.requestsTo("/authorize");
  assert.equal(query.prompt, "none");
  assert.equal(query.scope, "openid email");
  assert.equal(stage.server.tokenRequests().length, 1);
  await assertLeftNothing(tab);
});

test("loginSilent_with_a_program_at_the_redirect_uri_spends_the_code_once", async (t) => {
  const stage = await Stage.set(t);
  await withProgram(stage);
  const tab = await (await stage.tab()).create();
  stage.server.tokenDelay = 300;
  await signedIn(tab.call("loginSilent"));
  assert.equal(stage.server.tokenRequests().length, 1);
  assert.deepEqual(endings(stage), []);
  assert.equal((await tab.eventsOf("signedIn")).length, 1);
});

test("loginSilent_of_a_user_the_server_does_not_know_is_authorization_failed_login_required", async (t) => {
  const stage = await Stage.set(t);
  const { tab, session } = await stage.signedInTab();
  stage.server.shapeAuthorizationResponse = ({ state, iss }) => ({ error: "login_required", state, iss });
  const error = await tab.fails("loginSilent", "authorization_failed");
  assert.equal(error.oauthError, "login_required");
  assert.equal(error.action, "sign_in");
  assert.deepEqual(await tab.succeeds("getSession"), session, "the session stands");
  await assertLeftNothing(tab);
});

for (const [what, answer] of /** @type {const} */ ([
  ["that_is_not_answered", answers.silence()],
  ["in_which_the_server_shows_a_page", asking()],
  ["that_the_server_refuses", answers.withHeaders(answers.html(), { "x-frame-options": "DENY" })],
])) {
  test(`loginSilent_in_a_frame_${what}_is_timeout`, async (t) => {
    const stage = await Stage.set(t);
    stage.server.authorization.always(answer);
    const tab = await (await stage.tab()).create({ requestTimeout: 1 });
    const error = await tab.fails("loginSilent", "timeout");
    assert.equal(error.retryable, true);
    await assertLeftNothing(tab);
  });
}

test("loginPopup_and_loginSilent_at_a_real_server_know_the_user_once_signed_in", async (t) => {
  // On the pages' host: in a frame of another site's, the browser withholds the server's cookie.
  const stage = await providerStage(t, { lifetime: 60, host: "127.0.0.1", config: { storage: "session", autoRefresh: false } });
  await withProgram(stage);
  const tab = await (await stage.tab()).create();
  assert.equal((await tab.fails("loginSilent", "authorization_failed")).oauthError, "login_required");
  const { popup, outcome } = await opened(tab);
  await stage.converse(popup);
  const session = (await outcome).value;
  assert.ok(session.claims.sub);
  await closed(popup);
  const silent = await tab.succeeds("loginSilent");
  assert.equal(silent.claims.sub, session.claims.sub);
  assert.notEqual(silent.accessToken, session.accessToken);
});
