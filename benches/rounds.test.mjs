import assert from "node:assert/strict";
import { test } from "node:test";
import { inTurns, middle, ratios, spread } from "./rounds.mjs";

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

test("middle_samples_givesTheMedianAndTheQuartiles", () => {
  assert.deepEqual(middle([50, 10, 30, 20, 40]), { median: 30, low: 20, high: 40 });
  assert.deepEqual(middle([1, 2, 3, 1000]), { median: 2.5, low: 1.75, high: 252.25 });
});

test("ratios_samplesOfTheSameRounds_areComparedRoundByRound", () => {
  assert.deepEqual(ratios([1, 30, 2], [2, 60, 1]), [0.5, 0.5, 2]);
});
