// @ts-check
// Two authorization servers and one redirect address (RFC 9207 §1): each client takes what its own server said, and no
// code goes to a server that did not issue it.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Stage, errorOf, valueOf } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";
import { MisbehavingServer } from "../support/misbehaving-server.mjs";

after(closeBrowser);

/**
 * One page with a client of each server; they differ in nothing but the issuer.
 * @param {import("node:test").TestContext} t
 * @param {{ storage?: string, arrange?: (servers: { a: MisbehavingServer, b: MisbehavingServer }) => void }} [options]
 */
async function twoClients(t, { storage = "session", arrange } = {}) {
  const stage = await Stage.set(t, { config: { storage, autoRefresh: false } });
  const second = await MisbehavingServer.start();
  t.after(() => second.close());
  const servers = { a: stage.server, b: second };
  arrange?.(servers);
  const { page } = await stage.tab();
  const configs = { a: stage.config, b: { ...stage.config, issuer: second.issuer } };
  await page.evaluate(async (all) => {
    const { harness } = /** @type {any} */ (globalThis);
    harness.clients = {};
    for (const [name, config] of Object.entries(all)) harness.clients[name] = await harness.pixie.AuthClient.create(config);
  }, configs);
  /** @param {"a" | "b"} name @param {string} method @param {...unknown} parameters @returns {Promise<import("../support/auth-tab.mjs").Outcome>} */
  const call = (name, method, ...parameters) =>
    page.evaluate(
      ([client, called, values]) => {
        const { harness } = /** @type {any} */ (globalThis);
        return harness.outcome(() => harness.clients[client][called](...values));
      },
      /** @type {[string, string, any[]]} */ ([name, method, parameters]),
    );
  return { servers, call };
}

/** The redirect back that the server gives for this login. @param {string} url */
async function redirectFor(url) {
  const response = await fetch(url, { redirect: "manual" });
  return new URL(response.headers.get("location") ?? "");
}

/** @param {Awaited<ReturnType<typeof twoClients>>} scene @param {"a" | "b"} name */
async function begin({ call }, name) {
  return valueOf("createLoginUrl", await call(name, "createLoginUrl", { appState: name }));
}

for (const storage of ["session", "local", "memory"]) {
  test(`two_clients_on_one_redirect_uri_with_storage_${storage}_each_take_their_own_callback`, async (t) => {
    const scene = await twoClients(t, { storage });
    const logins = { a: await begin(scene, "a"), b: await begin(scene, "b") };
    for (const name of /** @type {const} */ (["b", "a"])) {
      const callback = await redirectFor(logins[name].url);
      const { session, appState } = valueOf("handleCallback", await scene.call(name, "handleCallback", callback.href));
      assert.equal(appState, name);
      assert.equal(session.claims.iss, scene.servers[name].issuer);
    }
    for (const name of /** @type {const} */ (["a", "b"])) {
      assert.equal(scene.servers[name].tokenRequests().length, 1);
      const session = valueOf("getSession", await scene.call(name, "getSession"));
      assert.equal(session.claims.iss, scene.servers[name].issuer, "and keep their own session");
    }
  });
}

test("callback_of_one_client_handed_to_the_other_is_callback_state_unknown_and_spends_nothing", async (t) => {
  const scene = await twoClients(t);
  const login = await begin(scene, "a");
  await begin(scene, "b");
  const callback = await redirectFor(login.url);
  errorOf("handleCallback", "callback_state_unknown", await scene.call("b", "handleCallback", callback.href));
  for (const server of Object.values(scene.servers)) assert.equal(server.tokenRequests().length, 0);
  const { appState } = valueOf("handleCallback", await scene.call("a", "handleCallback", callback.href));
  assert.equal(appState, "a", "its own client takes it still");
});

test("response_of_the_other_server_with_this_logins_state_is_callback_issuer_mismatch_and_no_code_leaves", async (t) => {
  const scene = await twoClients(t);
  const login = await begin(scene, "a");
  // The user was lured to B, which answers with the state that A's login sent and a code of its own.
  const forged = await redirectFor((await begin(scene, "b")).url);
  forged.searchParams.set("state", login.state);
  errorOf("handleCallback", "callback_issuer_mismatch", await scene.call("a", "handleCallback", forged.href));
  for (const server of Object.values(scene.servers)) assert.equal(server.tokenRequests().length, 0);
  const genuine = await redirectFor(login.url);
  valueOf("handleCallback", await scene.call("a", "handleCallback", genuine.href));
});

test("response_of_this_server_that_names_the_other_is_refused_by_both", async (t) => {
  const scene = await twoClients(t);
  const callback = await redirectFor((await begin(scene, "a")).url);
  callback.searchParams.set("iss", scene.servers.b.issuer);
  errorOf("handleCallback", "callback_issuer_mismatch", await scene.call("a", "handleCallback", callback.href));
  errorOf("handleCallback", "callback_state_unknown", await scene.call("b", "handleCallback", callback.href));
  for (const server of Object.values(scene.servers)) assert.equal(server.tokenRequests().length, 0);
});

test("server_that_names_no_issuer_gets_its_own_code_and_never_the_others", async (t) => {
  // Without RFC 9207 the state is what keeps the servers apart: it is looked for among the logins at this issuer.
  const scene = await twoClients(t, {
    arrange: ({ b: server }) => {
      server.shapeMetadata = (metadata) => ({ ...metadata, authorization_response_iss_parameter_supported: undefined });
      server.shapeAuthorizationResponse = (parameters) => ({ ...parameters, iss: undefined });
    },
  });
  const [a, b] = [await begin(scene, "a"), await begin(scene, "b")];
  const forged = await redirectFor(b.url);
  forged.searchParams.set("state", a.state);
  errorOf("handleCallback", "callback_issuer_missing", await scene.call("a", "handleCallback", forged.href));
  errorOf("handleCallback", "callback_state_unknown", await scene.call("b", "handleCallback", forged.href));
  const honest = await redirectFor(b.url);
  valueOf("handleCallback", await scene.call("b", "handleCallback", honest.href));
  assert.equal(scene.servers.a.tokenRequests().length, 0);
});

test("server_whose_metadata_names_the_others_authorization_endpoint_gets_no_code_of_it", async (t) => {
  // The mix-up proper: B lets the user sign in at A, and waits for A's code at its own token endpoint.
  const scene = await twoClients(t, {
    arrange: ({ a, b }) => {
      b.shapeMetadata = (metadata) => ({ ...metadata, authorization_endpoint: a.url("/authorize") });
    },
  });
  const callback = await redirectFor((await begin(scene, "b")).url);
  assert.equal(callback.searchParams.get("iss"), scene.servers.a.issuer);
  errorOf("handleCallback", "callback_issuer_mismatch", await scene.call("b", "handleCallback", callback.href));
  assert.equal(scene.servers.b.tokenRequests().length, 0);
});
