import assert from "node:assert/strict";
import { test } from "node:test";
import { inTurns, spread } from "./rounds.mjs";

test("inTurns_contenders_takeEveryPositionAndTheFirstRoundDoesNotCount", async () => {
  const order = [];
  const samples = await inTurns(["a", "b", "c"], 3, async (name) => order.push(name));
  assert.equal(order.join(""), "abc" + "bca" + "cab" + "abc");
  assert.deepEqual([...samples.keys()], ["a", "b", "c"]);
  assert.deepEqual(samples.get("a"), [6, 8, 10]);
});

test("spread_samples_giveTheMedianAndBothEnds", () => {
  assert.deepEqual(spread([9, 1, 5]), { median: 5, low: 1, high: 9 });
  assert.deepEqual(spread([10, 2, 4, 100]), { median: 7, low: 2, high: 100 });
});

test("spread_nothing_isRefused", () => {
  assert.throws(() => spread([]), RangeError);
});
