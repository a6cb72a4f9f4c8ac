import assert from "node:assert/strict";
import { test } from "node:test";
import { compare } from "./budgets.mjs";

const measured = { "pixie-auth": { brotli: 30_000, module: 70_000 }, "pixie-auth/pkce": { brotli: 3_100, module: 4_095 } };

test("compare_exactlyTheBudget_isNotOver", () => {
  const { held } = compare({ "pixie-auth": { brotli: 30_000 }, "pixie-auth/pkce": { module: 4_095 } }, measured);
  assert.deepEqual(held.map(({ over }) => over), [0, 0]);
});

test("compare_aByteMore_saysByHowMuch", () => {
  const { held } = compare({ "pixie-auth": { brotli: 29_999 }, "pixie-auth/pkce": { brotli: 3_000, module: 4_094 } }, measured);
  assert.deepEqual(
    held.map(({ entry, what, over }) => [entry, what, over]),
    [["pixie-auth", "brotli", 1], ["pixie-auth/pkce", "brotli", 100], ["pixie-auth/pkce", "module, raw", 1]],
  );
});

test("compare_aGoal_isToldAndNotHeld", () => {
  const { held, goals } = compare({ "pixie-auth": { goal: 15_881 } }, measured);
  assert.deepEqual(held, []);
  assert.deepEqual(goals, [{ entry: "pixie-auth", bytes: 30_000, goal: 15_881, over: 14_119 }]);
});

test("compare_aBudgetThatHoldsNothing_isRefused", () => {
  assert.throws(() => compare({ "pixie-auth/pkec": { brotli: 1 } }, measured), /pkec/);
  assert.throws(() => compare({ "pixie-auth": { broti: 1 } }, measured), /broti/);
});
