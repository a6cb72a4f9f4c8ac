// @ts-check
// What a program may bring itself: a TokenStore, whose methods may be asynchronous or fail, and a fetch.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";

after(closeBrowser);

/**
 * A client over a store of the page's own, which survives a reload because it lies in window.name.
 * @param {import("../support/auth-tab.mjs").AuthTab} tab
 * @param {Record<string, unknown>} config
 * @param {{ later?: boolean, failing?: string[] }} [manner]
 */
async function createWithStore(tab, config, { later = true, failing = [] } = {}) {
  return tab.page.evaluate(
    ([base, isLater, methods]) => {
      const page = /** @type {any} */ (globalThis);
      const read = () => JSON.parse(page.name || "{}");
      const perform = (/** @type {string} */ method, /** @type {() => unknown} */ work) => {
        if (methods.includes(method)) {
          if (isLater) return Promise.reject(new Error("the store is down"));
          throw new Error("the store is down");
        }
        return isLater ? new Promise((resolve) => setTimeout(() => resolve(work()), 5)) : work();
      };
      const storage = {
        get: (/** @type {string} */ key) => perform("get", () => read()[key] ?? null),
        set: (/** @type {string} */ key, /** @type {string} */ value) =>
          perform("set", () => {
            page.name = JSON.stringify({ ...read(), [key]: value });
          }),
        remove: (/** @type {string} */ key) =>
          perform("remove", () => {
            const { [key]: _removed, ...rest } = read();
            page.name = JSON.stringify(rest);
          }),
      };
      return page.harness.create({ ...base, storage });
    },
    /** @type {[Record<string, unknown>, boolean, string[]]} */ ([config, later, failing]),
  );
}

for (const later of [true, false]) {
  const name = later ? "asynchronous" : "synchronous";
  test(`own_${name}_store_holds_a_session_through_login_reload_refresh_and_logout`, async (t) => {
    const stage = await Stage.set(t, { config: { autoRefresh: false } });
    const tab = await stage.tab();
    assert.ok((await createWithStore(tab, stage.config, { later })).ok);
    await tab.login({ appState: "kept" });
    assert.ok((await createWithStore(tab, stage.config, { later })).ok);
    const { session, appState } = await tab.succeeds("handleCallback");
    assert.equal(appState, "kept");
    assert.deepEqual(await tab.stored("sessionStorage"), {}, "nothing is kept behind the store's back");
    assert.deepEqual(await tab.stored("localStorage"), {});
    await tab.open("/");
    assert.ok((await createWithStore(tab, stage.config, { later })).ok);
    assert.equal((await tab.succeeds("getSession")).accessToken, session.accessToken);
    const outcomes = await tab.together(["refresh"], ["refresh"], ["refresh"]);
    for (const outcome of outcomes) assert.equal(outcome.value.accessToken, outcomes[0].value.accessToken);
    assert.equal(stage.server.tokenRequests("refresh_token").length, 1);
    await tab.succeeds("logout", { local: true });
    await tab.page.waitForFunction((secret) => !/** @type {any} */ (globalThis).name.includes(secret), outcomes[0].value.accessToken);
  });
}

test("own_asynchronous_store_and_handleCallback_twice_at_once_spend_the_code_once", async (t) => {
  const stage = await Stage.set(t);
  const tab = await stage.tab();
  await createWithStore(tab, stage.config);
  await tab.login();
  await createWithStore(tab, stage.config);
  const outcomes = await tab.together(["handleCallback"], ["handleCallback"], ["getSession"]);
  assert.deepEqual(outcomes[1].value, outcomes[0].value);
  assert.ok(outcomes[0].ok);
  assert.equal(stage.server.tokenRequests().length, 1);
});

for (const later of [true, false]) {
  const name = later ? "rejects" : "throws";
  test(`own_store_whose_get_${name}_is_storage_unavailable`, async (t) => {
    const stage = await Stage.set(t);
    const tab = await stage.tab();
    const outcome = await createWithStore(tab, stage.config, { later, failing: ["get"] });
    assert.equal(outcome.error?.code, "storage_unavailable");
    assert.deepEqual(await tab.unhandled(), []);
  });

  test(`own_store_whose_set_${name}_is_storage_unavailable_at_login`, async (t) => {
    const stage = await Stage.set(t);
    const tab = await stage.tab();
    await createWithStore(tab, stage.config, { later, failing: ["set"] });
    await tab.fails("createLoginUrl", "storage_unavailable");
    assert.deepEqual(await tab.unhandled(), []);
  });

  test(`own_store_whose_remove_${name}_does_not_hinder_a_logout`, async (t) => {
    const stage = await Stage.set(t);
    const tab = await stage.tab();
    await createWithStore(tab, stage.config, { later });
    await tab.login();
    await createWithStore(tab, stage.config, { later, failing: ["remove"] });
    await tab.succeeds("handleCallback");
    await tab.succeeds("logout", { local: true });
    assert.equal(await tab.succeeds("getSession"), null);
    assert.deepEqual(await tab.unhandled(), []);
  });
}

for (const [name, storage] of /** @type {[string, unknown][]} */ ([
  ["without_methods", {}],
  ["that_is_a_list", []],
])) {
  test(`own_store_${name}_is_invalid_config`, async (t) => {
    const stage = await Stage.set(t);
    await (await stage.tab()).createFails("invalid_config", { storage });
  });
}

test("own_fetch_makes_every_request", async (t) => {
  const stage = await Stage.set(t);
  const tab = await stage.tab();
  /** @returns {Promise<any>} */
  const create = () =>
    tab.page.evaluate((config) => {
      const page = /** @type {any} */ (globalThis);
      page.asked = [];
      const own = (/** @type {any} */ input, /** @type {any} */ init) => {
        page.asked.push(String(input?.url ?? input));
        return fetch(input, init);
      };
      // Whatever goes past it is noticed.
      page.harness.unhandled.length = 0;
      return page.harness.create({ ...config, fetch: own });
    }, stage.config);
  assert.ok((await create()).ok);
  await tab.login();
  assert.ok((await create()).ok);
  await tab.succeeds("handleCallback");
  await tab.succeeds("refresh");
  const asked = await tab.page.evaluate(() => /** @type {any} */ (globalThis).asked);
  // The page before has asked for the metadata, with its own fetch, too.
  assert.deepEqual(asked, ["/token", "/jwks", "/token"].map((path) => stage.server.url(path)));
  assert.equal(stage.server.requestsTo("/.well-known/openid-configuration").length, 1);
});

test("own_fetch_that_is_no_function_is_invalid_config", async (t) => {
  const stage = await Stage.set(t);
  await (await stage.tab()).createFails("invalid_config", { fetch: "fetch" });
});

test("own_fetch_that_throws_at_once_is_network", async (t) => {
  const stage = await Stage.set(t);
  const tab = await stage.tab();
  const outcome = await tab.page.evaluate(
    (config) =>
      /** @type {any} */ (globalThis).harness.create({
        ...config,
        fetch: () => {
          throw new TypeError("no network in here");
        },
      }),
    stage.config,
  );
  assert.equal(outcome.error?.code, "network");
});

test("own_fetch_that_answers_nonsense_is_no_crash", async (t) => {
  const stage = await Stage.set(t);
  const tab = await stage.tab();
  const codes = await tab.page.evaluate(async (config) => {
    const { harness } = /** @type {any} */ (globalThis);
    const answers = [undefined, null, 7, {}, { status: 200 }, { status: 200, text: () => 7 }, { status: 200, headers: null, text: async () => "{}" }];
    const outcomes = [];
    for (const answer of answers) outcomes.push(await harness.create({ ...config, fetch: async () => answer }));
    return outcomes.map((outcome) => outcome.error?.code ?? "accepted");
  }, stage.config);
  for (const code of codes) assert.ok(["network", "discovery_failed", "issuer_mismatch", "metadata_invalid"].includes(code), codes.join(", "));
  assert.deepEqual(await tab.unhandled(), []);
});
