// @ts-check
// `AuthClient.fetch`: the token goes where it may, and what is refused is sent again once.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import * as answers from "../support/answers.mjs";
import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";
import { fetchFails, fetched } from "../support/fetched.mjs";
import { MisbehavingServer } from "../support/misbehaving-server.mjs";

after(closeBrowser);

/** A tab that is signed in, whose tokens may go to the server's API. @param {import("node:test").TestContext} t @param {Record<string, unknown>} [config] */
async function atApi(t, config = {}) {
  const stage = await Stage.set(t, { config: { autoRefresh: false, ...config } });
  if (config.dpop) stage.server.dpop.required = true;
  const { tab, session } = await stage.signedInTab({ allowedOrigins: [stage.server.issuer] });
  return {
    stage,
    tab,
    session,
    url: `${stage.server.issuer}/api/notes?page=1`,
    requests: () => stage.server.requests.filter(({ path, method }) => path.startsWith("/api") && method !== "OPTIONS"),
    refreshes: () => stage.server.tokenRequests("refresh_token").length,
  };
}

test("fetch_to_an_allowed_origin_carries_the_token_and_the_programs_own_headers", async (t) => {
  const { tab, session, url, requests } = await atApi(t);
  const init = { method: "PUT", body: "note", headers: { "X-Own": "kept", Authorization: "Basic evil", DPoP: "evil" } };
  const response = await fetched(tab, url, init);
  assert.deepEqual([response.status, JSON.parse(response.body).body], [200, "note"]);
  const [{ method, headers }] = requests();
  assert.deepEqual([method, headers["x-own"], headers.authorization, headers.dpop], ["PUT", "kept", `Bearer ${session.accessToken}`, undefined]);
});

test("fetch_to_another_origin_is_refused_without_a_request", async (t) => {
  const { stage, tab } = await atApi(t);
  const before = stage.server.requests.length;
  for (const url of [stage.server.issuer.replace("127.0.0.1", "localhost"), "https://evil.example/", "/here"]) {
    const error = await fetchFails(tab, "origin_not_allowed", url);
    assert.equal(error.action, "fix_config");
  }
  assert.equal(stage.server.requests.length, before);
});

test("fetch_where_no_origin_is_named_goes_to_the_pages_own", async (t) => {
  const stage = await Stage.set(t, { sameOrigin: true });
  const { tab } = await stage.signedInTab();
  assert.equal((await fetched(tab, "/api/notes")).status, 200);
  await fetchFails(tab, "origin_not_allowed", "https://api.example/");
});

test("fetch_without_a_session_sends_nothing", async (t) => {
  const { stage, tab, url } = await atApi(t);
  await tab.succeeds("logout", { redirect: false, local: true });
  const before = stage.server.requests.length;
  await fetchFails(tab, "no_session", url);
  assert.equal(stage.server.requests.length, before);
});

test("fetch_that_is_refused_is_sent_again_once_with_a_new_token_and_its_body", async (t) => {
  const { stage, tab, url, requests, refreshes } = await atApi(t);
  const bodies = ["text", "blob", "form", "parameters", "buffer", "view", "request", "request and init"];
  for (const [index, kind] of bodies.entries()) {
    stage.server.api.refuse();
    const status = await tab.page.evaluate(async ([to, what]) => {
      const { client } = /** @type {any} */ (globalThis).harness;
      const form = new FormData();
      form.set("note", "kept");
      /** @type {Record<string, any>} */
      const inits = {
        text: "kept",
        blob: new Blob(["kept"]),
        form,
        parameters: new URLSearchParams({ note: "kept" }),
        buffer: new TextEncoder().encode("kept").buffer,
        view: new TextEncoder().encode("kept"),
      };
      const request = new Request(to, { method: "POST", body: "kept", headers: { "X-Own": "kept" } });
      if (what === "request") return (await client.fetch(request)).status;
      if (what === "request and init") return (await client.fetch(request, { headers: { "X-Own": "other" } })).status;
      return (await client.fetch(new URL(to), { method: "POST", body: inits[what] })).status;
    }, [url, kind]);
    assert.equal(status, 200, kind);
    const two = requests().slice(-2);
    assert.equal(requests().length, 2 * index + 2, kind);
    for (const { method, body } of two) assert.ok(method === "POST" && body.includes("kept"), `${kind}: ${body}`);
    assert.notEqual(two[0].headers.authorization, two[1].headers.authorization, kind);
  }
  const own = requests().slice(-4).map(({ headers }) => headers["x-own"]);
  assert.deepEqual(own, ["kept", "kept", "other", "other"]);
  assert.equal(refreshes(), bodies.length);
});

test("fetch_that_is_refused_again_gives_the_answer_untouched", async (t) => {
  const { stage, tab, url, requests, refreshes } = await atApi(t);
  stage.server.api.next(answers.text("not you", { status: 401 }), 2);
  const response = await fetched(tab, url);
  assert.deepEqual([response.status, response.body, requests().length, refreshes()], [401, "not you", 2, 1]);
  stage.server.api.next(answers.text("not this", { status: 403 }));
  assert.deepEqual([(await fetched(tab, url)).status, refreshes()], [403, 1]);
});

test("fetches_that_are_refused_together_share_one_refresh", async (t) => {
  const { stage, tab, url, requests, refreshes } = await atApi(t);
  stage.server.tokenDelay = 300;
  stage.server.api.refuse(5);
  const all = await Promise.all(Array.from({ length: 5 }, () => fetched(tab, url)));
  assert.deepEqual(all.map(({ status }) => status), [200, 200, 200, 200, 200]);
  assert.deepEqual([requests().length, refreshes()], [10, 1]);
});

test("fetch_whose_refresh_is_refused_is_the_end_of_the_session", async (t) => {
  const { stage, tab, url } = await atApi(t);
  stage.server.revokeEverything();
  stage.server.api.refuse();
  await fetchFails(tab, "session_ended", url);
});

test("fetch_of_a_stream_is_sent_once_and_fails_where_it_would_have_to_be_sent_again", async (t) => {
  const { stage, tab, url } = await atApi(t);
  // Browsers stream over HTTP/2 alone: the program's own fetch stands for one.
  const outcomes = await tab.page.evaluate(async ([to, config]) => {
    const { harness } = /** @type {any} */ (globalThis);
    /** @type {string[]} */
    const sent = [];
    const own = async (/** @type {any} */ input, /** @type {any} */ init) => {
      if (!String(input.url ?? input).startsWith(to)) return fetch(input, init);
      const body = new Response(input.body ?? init.body);
      sent.push(await body.text());
      return new Response("", { status: sent.length % 2 ? 401 : 200 });
    };
    const client = await harness.pixie.AuthClient.create({ ...config, fetch: own });
    const stream = () => new Blob(["kept"]).stream();
    const first = await harness.outcome(() => client.fetch(to, { method: "POST", body: stream(), duplex: "half" }));
    const second = await harness.outcome(async () => (await client.fetch(to, { method: "POST", body: stream(), duplex: "half" })).status);
    await client.close();
    return [first.error?.code, second.value, ...sent];
  }, /** @type {[string, any]} */ ([url, { ...stage.config, allowedOrigins: [stage.server.issuer] }]));
  assert.deepEqual(outcomes, ["body_not_replayable", 200, "kept", "kept"]);
});

test("fetch_whose_signal_aborts_rejects_with_its_reason_at_once", async (t) => {
  const { stage, tab, url } = await atApi(t);
  const abort = (/** @type {string} */ when) => tab.page.evaluate(async ([to, moment]) => {
    const { client } = /** @type {any} */ (globalThis).harness;
    const controller = new AbortController();
    if (moment === "before") controller.abort(new RangeError("enough"));
    else setTimeout(() => controller.abort(new RangeError("enough")), 300);
    return client.fetch(to, { signal: controller.signal }).then(String, (/** @type {any} */ error) => `${error?.name}: ${error?.message}`);
  }, [url, when]);
  assert.equal(await abort("before"), "RangeError: enough");
  stage.server.api.next(answers.silence());
  assert.equal(await abort("on its way"), "RangeError: enough");
  stage.server.api.refuse();
  stage.server.token.next(answers.silence());
  assert.equal(await abort("while the token is refreshed"), "RangeError: enough");
});

test("fetch_that_is_led_to_another_origin_does_not_carry_the_token_there", async (t) => {
  const { stage, tab, url, refreshes } = await atApi(t, { dpop: true });
  const other = await MisbehavingServer.start();
  t.after(() => other.close());
  for (const status of [302, 307]) {
    stage.server.api.next(answers.redirect(`${other.issuer}/api/notes`, status));
    const response = await fetched(tab, url);
    assert.deepEqual([response.status, response.redirected], [401, true]);
  }
  const arrived = other.requestsTo("/api/notes", "GET");
  assert.deepEqual(arrived.map(({ headers }) => headers.authorization), [undefined, undefined]);
  assert.equal(refreshes(), 0, "another's refusal says nothing about the token");
});

test("fetch_with_dpop_proves_the_key_for_each_request", async (t) => {
  const { stage, tab, session, url, requests, refreshes } = await atApi(t, { dpop: true });
  for (const method of ["GET", "POST"]) assert.equal((await fetched(tab, url, { method })).status, 200);
  assert.equal(requests()[0].headers.authorization, `DPoP ${session.accessToken}`);
  const proofs = stage.server.dpop.proofs.filter(({ path }) => path === "/api/notes");
  assert.deepEqual(proofs.map(({ payload }) => [payload.htm, payload.htu]), ["GET", "POST"].map((method) => [method, `${stage.server.issuer}/api/notes`]));
  stage.server.api.next(answers.challenge("DPoP", { error: "invalid_token" }));
  assert.equal((await fetched(tab, url)).status, 200);
  assert.equal(refreshes(), 1);
});

test("fetch_with_dpop_sends_the_resources_nonce_after_one_refusal_and_from_then_on", async (t) => {
  const { stage, tab, url, requests, refreshes } = await atApi(t, { dpop: true });
  stage.server.dpop.noncesAt.add("resource");
  stage.server.dpop.freshNonces = true;
  assert.equal((await fetched(tab, url)).status, 200);
  assert.equal(requests().length, 2);
  for (let count = 0; count < 2; count += 1) assert.equal((await fetched(tab, url)).status, 200);
  assert.equal(requests().length, 4, "the nonce of each answer is the next request's");
  stage.server.dpop.renewNonce("resource");
  stage.server.dpop.freshNonces = false;
  const all = await Promise.all(Array.from({ length: 4 }, () => fetched(tab, url)));
  assert.deepEqual(all.map(({ status }) => status), [200, 200, 200, 200]);
  assert.equal(refreshes(), 0);
});
