// @ts-check
// Pushed authorization requests: what goes into the URL, and what if the endpoint does not answer.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import * as answers from "../support/answers.mjs";
import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";
import { providerStage } from "../support/provider-stage.mjs";

after(closeBrowser);

/** @param {string} url */
const parametersOf = (url) => [...new URL(url).searchParams.keys()].sort();

/**
 * A tab at a server that names the endpoint.
 * @param {import("node:test").TestContext} t
 * @param {Record<string, unknown>} [config]
 */
async function offered(t, config = {}) {
  const stage = await Stage.set(t, { config });
  stage.server.par.announced = true;
  const tab = await (await stage.tab()).create();
  return { stage, tab };
}

test("login_at_a_server_that_requires_pushing_signs_in", async (t) => {
  const stage = await Stage.set(t);
  stage.server.par.required = true;
  const { session } = await stage.signedInTab();
  assert.equal(session.claims.sub, "alice");
  const [pushed] = stage.server.requestsTo("/par", "POST");
  assert.equal(pushed.form.client_id, "spa");
  assert.equal(pushed.form.code_challenge_method, "S256");
  const [asked] = stage.server.requestsTo("/authorize");
  assert.deepEqual(Object.keys(asked.query).sort(), ["client_id", "request_uri"]);
});

test("login_url_shows_nothing_of_what_was_pushed", async (t) => {
  const { stage, tab } = await offered(t);
  const { url, state } = await tab.succeeds("createLoginUrl", { loginHint: "alice", scope: "openid email" });
  assert.deepEqual(parametersOf(url), ["client_id", "request_uri"]);
  const [pushed] = stage.server.requestsTo("/par", "POST");
  assert.deepEqual([pushed.form.state, pushed.form.login_hint, pushed.form.scope], [state, "alice", "openid email"]);
});

test("login_where_the_endpoint_gives_no_answer_goes_without_unless_it_must_not", async (t) => {
  for (const [par, goesWithout] of /** @type {[string, boolean][]} */ ([["auto", true], ["always", false]])) {
    const { stage, tab } = await offered(t, { par });
    stage.server.par.always(answers.closedConnection());
    if (goesWithout) assert.ok(parametersOf((await tab.succeeds("createLoginUrl")).url).includes("code_challenge"));
    else await tab.fails("createLoginUrl", "network");
  }
});

test("login_that_is_refused_where_it_is_pushed_says_why_and_stays_on_the_page", async (t) => {
  const { stage, tab } = await offered(t);
  stage.server.par.next(answers.oauthError("invalid_request", { description: "redirect_uri" }));
  const before = tab.page.url();
  const error = await tab.fails("login", "authorization_failed");
  assert.deepEqual([error.oauthError, error.oauthErrorDescription, error.status], ["invalid_request", "redirect_uri", 400]);
  assert.equal(tab.page.url(), before);
  stage.server.par.next(answers.json({}, { status: 201 }));
  await tab.fails("login", "metadata_invalid");
  stage.server.par.next(answers.empty({ status: 503 }));
  await tab.fails("login", "server_unavailable");
});

test("login_that_never_pushes_does_not_and_one_that_always_does_needs_the_endpoint", async (t) => {
  const { stage, tab } = await offered(t, { par: "never" });
  assert.ok(parametersOf((await tab.succeeds("createLoginUrl")).url).includes("state"));
  assert.equal(stage.server.requestsTo("/par").length, 0);
  stage.server.par.announced = false;
  // This tab has kept what the server said before.
  const other = await (await stage.tab()).create({ par: "always" });
  await other.fails("createLoginUrl", "metadata_invalid");
});

test("login_at_oidc_provider_is_pushed", async (t) => {
  const stage = await providerStage(t, { lifetime: 60, config: { par: "always" } });
  const { tab, session } = await stage.signedInTab();
  assert.ok(session.accessToken);
  const { url } = await tab.succeeds("createLoginUrl");
  assert.deepEqual(parametersOf(url), ["client_id", "request_uri"]);
});
