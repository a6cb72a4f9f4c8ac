// @ts-check
// Storage that is full, forbidden, or holds what nobody of this package wrote.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Stage } from "../support/auth-tab.mjs";
import { closeBrowser } from "../support/browser.mjs";

after(closeBrowser);

/** From here on the page's storage takes nothing; what it holds can still be read. */
function writesThrow(/** @type {string} */ name) {
  Storage.prototype.setItem = () => {
    throw new DOMException("no room", name);
  };
}

const writeErrors = [
  ["QuotaExceededError", "storage_full"],
  ["SecurityError", "storage_unavailable"],
];
for (const storage of ["session", "local"]) {
  for (const [name, code] of writeErrors) {
    test(`storage_${storage}_that_throws_${name}_on_write_is_${code}`, async (t) => {
      const stage = await Stage.set(t, { config: { storage } });
      const tab = await (await stage.tab()).create();
      await tab.page.evaluate(writesThrow, name);
      await tab.fails("createLoginUrl", code);
      await tab.fails("login", code);
      assert.equal(stage.server.requestsTo("/authorize").length, 0, "a login that cannot come back is not begun");
      assert.deepEqual(await tab.unhandled(), []);
    });
  }

  test(`storage_${storage}_that_throws_QuotaExceededError_at_the_callback_keeps_the_session_in_this_page`, async (t) => {
    const stage = await Stage.set(t, { config: { storage } });
    const tab = await (await stage.tab()).create();
    await tab.login();
    await tab.create();
    await tab.page.evaluate(writesThrow, "QuotaExceededError");
    const { session } = await tab.succeeds("handleCallback");
    assert.equal(await tab.succeeds("getAccessToken"), session.accessToken);
    assert.equal((await tab.succeeds("handleCallback")).session.accessToken, session.accessToken);
    assert.equal(stage.server.tokenRequests().length, 1);
    assert.deepEqual(await tab.unhandled(), []);
  });

  test(`storage_${storage}_that_throws_at_a_refresh_keeps_the_new_token_in_this_page`, async (t) => {
    // The server has rotated the refresh token by then; throwing the answer away would end the session.
    const stage = await Stage.set(t, { config: { storage } });
    const { tab, session } = await stage.signedInTab({ storage });
    await tab.page.evaluate(writesThrow, "QuotaExceededError");
    const refreshed = await tab.succeeds("refresh");
    assert.notEqual(refreshed.accessToken, session.accessToken);
    assert.equal(await tab.succeeds("getAccessToken"), refreshed.accessToken);
    const area = storage === "local" ? "localStorage" : "sessionStorage";
    const stored = JSON.stringify(await tab.stored(area));
    assert.ok(!stored.includes(stage.server.tokenRequests("refresh_token")[0].form.refresh_token), "no spent token is left for a reload to find");
    assert.deepEqual(await tab.unhandled(), []);
  });
}

for (const [storage, area] of [
  ["session", "sessionStorage"],
  ["local", "localStorage"],
]) {
  test(`access_to_${area}_that_throws_is_storage_unavailable`, async (t) => {
    const stage = await Stage.set(t, { config: { storage } });
    const tab = await stage.tab();
    await tab.page.evaluate((name) => {
      Object.defineProperty(globalThis, name, {
        get() {
          throw new DOMException("denied", "SecurityError");
        },
      });
    }, area);
    await tab.createFails("storage_unavailable");
    await tab.create({ storage: "memory" });
    assert.match((await tab.succeeds("createLoginUrl")).url, /state=/);
    assert.deepEqual(await tab.unhandled(), []);
  });

  test(`${area}_that_is_null_is_storage_unavailable`, async (t) => {
    // What an Android WebView with DOM storage switched off shows.
    const stage = await Stage.set(t, { config: { storage } });
    const tab = await stage.tab();
    await tab.page.evaluate((name) => Object.defineProperty(globalThis, name, { value: null }), area);
    await tab.createFails("storage_unavailable");
  });

  test(`import_where_${area}_throws_touches_nothing`, async (t) => {
    const stage = await Stage.set(t, {
      initScript: () => {
        for (const name of ["localStorage", "sessionStorage"]) {
          Object.defineProperty(globalThis, name, {
            get() {
              throw new DOMException("denied", "SecurityError");
            },
          });
        }
      },
    });
    const tab = await stage.tab();
    assert.deepEqual(await tab.unhandled(), []);
  });
}

const garbage = /** @type {[string, string][]} */ ([
  ["empty", ""],
  ["text", "garbage"],
  ["json_null", "null"],
  ["a_json_string", '"x"'],
  ["an_empty_object", "{}"],
  ["an_empty_array", "[]"],
  ["a_later_version", '{"v":999,"version":999}'],
  ["json_cut_short", '{"v":1,"accessToken":"'],
  ["wrong_types", '{"v":1,"version":1,"accessToken":7,"access_token":7,"expiresAt":"x","expires_at":{},"scope":5,"claims":"none"}'],
  ["deep_nesting", "[".repeat(5000) + "]".repeat(5000)],
]);
for (const storage of ["session", "local"]) {
  const area = /** @type {"sessionStorage" | "localStorage"} */ (`${storage}Storage`);
  for (const [name, value] of garbage) {
    test(`storage_${storage}_holding_${name}_is_signed_out_and_does_not_block_signing_in`, async (t) => {
      const stage = await Stage.set(t, { config: { storage } });
      const { tab } = await stage.signedInTab();
      await tab.page.evaluate(
        ([where, text]) => {
          const held = /** @type {any} */ (globalThis)[where];
          for (const key of Object.keys(held)) held.setItem(key, text);
        },
        [area, value],
      );
      assert.ok(Object.keys(await tab.stored(area)).length > 0, "the package had stored something");
      await tab.open("/");
      await tab.create();
      assert.equal(await tab.succeeds("getSession"), null);
      const refusal = await tab.fails("getAccessToken", "storage_corrupt");
      assert.equal(refusal.action, "sign_in");
      await tab.login();
      await tab.create();
      const { session } = await tab.succeeds("handleCallback");
      assert.equal(session.claims.sub, "alice");
      assert.deepEqual(await tab.unhandled(), []);
    });
  }

  test(`storage_${storage}_holding_garbage_in_the_login_under_way_is_storage_corrupt`, async (t) => {
    const stage = await Stage.set(t, { config: { storage } });
    const tab = await (await stage.tab()).create();
    await tab.login();
    await tab.page.evaluate((where) => {
      const held = /** @type {any} */ (globalThis)[where];
      for (const key of Object.keys(held)) held.setItem(key, "garbage");
    }, area);
    await tab.create();
    await tab.fails("handleCallback", "storage_corrupt");
    await tab.login();
    await tab.create();
    assert.equal((await tab.succeeds("handleCallback")).session.claims.sub, "alice");
  });

  test(`storage_${storage}_of_the_applications_own_is_left_alone`, async (t) => {
    const stage = await Stage.set(t, { config: { storage } });
    const tab = await stage.tab();
    await tab.page.evaluate((where) => /** @type {any} */ (globalThis)[where].setItem("own", "kept"), area);
    await tab.create();
    await tab.login();
    await tab.create();
    await tab.succeeds("handleCallback");
    await tab.succeeds("logout", { local: true });
    assert.equal((await tab.stored(area)).own, "kept");
  });
}

test("sessions_of_two_clients_on_one_origin_do_not_mix", async (t) => {
  const stage = await Stage.set(t, { config: { storage: "local" } });
  const { session } = await stage.signedInTab({ clientId: "spa" });
  const { tab } = await stage.signedInTab({ clientId: "admin" });
  await tab.create({ clientId: "spa" });
  assert.equal((await tab.succeeds("getSession")).accessToken, session.accessToken);
  await tab.create({ clientId: "third" });
  assert.equal(await tab.succeeds("getSession"), null);
});

test("logins_that_never_came_back_do_not_pile_up_for_ever", async (t) => {
  const stage = await Stage.set(t, { clock: true });
  const tab = await (await stage.tab()).create();
  for (let round = 0; round < 20; round += 1) await tab.succeeds("createLoginUrl");
  const begun = Object.keys(await tab.stored("sessionStorage")).length + JSON.stringify(await tab.stored("sessionStorage")).length;
  await tab.moveClock(7 * 86_400);
  await tab.create();
  await tab.succeeds("createLoginUrl");
  const left = Object.keys(await tab.stored("sessionStorage")).length + JSON.stringify(await tab.stored("sessionStorage")).length;
  assert.ok(left < begun / 4, `${begun} before, ${left} a week later`);
});
