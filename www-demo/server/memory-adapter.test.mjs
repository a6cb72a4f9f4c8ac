// @ts-check

import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryAdapter } from "./memory-adapter.mjs";

/** @returns {any} */
const adapterOf = (/** @type {string} */ model, store = createMemoryAdapter()) => store(model);

test("entry_past_its_lifetime_is_not_found", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 0 });
  const tokens = adapterOf("AccessToken");
  await tokens.upsert("id", { kind: "AccessToken" }, 5);
  t.mock.timers.tick(4_999);
  assert.ok(await tokens.find("id"));
  t.mock.timers.tick(1);
  assert.equal(await tokens.find("id"), undefined);
});

test("revoked_grant_takes_its_tokens_and_leaves_the_rest", async () => {
  const store = createMemoryAdapter();
  const [access, refresh, session] = ["AccessToken", "RefreshToken", "Session"].map((model) => adapterOf(model, store));
  await access.upsert("a", { kind: "AccessToken", grantId: "one" }, 60);
  await refresh.upsert("b", { kind: "RefreshToken", grantId: "one" }, 60);
  await refresh.upsert("c", { kind: "RefreshToken", grantId: "two" }, 60);
  await session.upsert("d", { kind: "Session", uid: "u" }, 60);
  await refresh.revokeByGrantId("one");
  assert.equal(await access.find("a"), undefined);
  assert.equal(await refresh.find("b"), undefined);
  assert.ok(await refresh.find("c"));
  assert.ok(await session.findByUid("u"));
});

test("same_id_in_another_model_is_another_entry", async () => {
  const store = createMemoryAdapter();
  await adapterOf("AccessToken", store).upsert("id", { kind: "AccessToken" }, 60);
  assert.equal(await adapterOf("RefreshToken", store).find("id"), undefined);
});

test("consumed_entry_is_marked_not_forgotten", async () => {
  const tokens = adapterOf("RefreshToken");
  await tokens.upsert("id", { kind: "RefreshToken" }, 60);
  await tokens.consume("id");
  assert.ok((await tokens.find("id")).consumed > 0);
});
