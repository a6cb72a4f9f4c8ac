import assert from "node:assert/strict";
import { test } from "node:test";
import { nothing, oneFailure, sum, withoutSilentPass } from "./outcome.mjs";

const passing = { ...nothing(), passed: 3 };

test("outcome_passedAndEndedWell_staysAsItIs", () => {
  assert.deepEqual(withoutSilentPass(passing, "suite", null), passing);
});

test("outcome_runnerFailedThoughAllPassed_countsOneFailure", () => {
  const { passed, failed, failures } = withoutSilentPass(passing, "suite", "ended with exit code 101");
  assert.deepEqual({ passed, failed }, { passed: 3, failed: 1 });
  assert.match(failures[0].reason, /exit code 101/);
});

test("outcome_runnerFailedBecauseATestDid_addsNothing", () => {
  assert.equal(withoutSilentPass(oneFailure("a", "b"), "suite", "ended with exit code 1").failed, 1);
});

test("outcome_nothingRan_countsOneFailure", () => {
  assert.equal(withoutSilentPass(nothing(), "suite", null).failed, 1);
});

test("outcome_onlySkipped_countsOneFailureAndKeepsTheSkipped", () => {
  const { failed, skipped } = withoutSilentPass({ ...nothing(), skipped: [{ name: "a", reason: "b" }] }, "suite", null);
  assert.deepEqual({ failed, skipped: skipped.length }, { failed: 1, skipped: 1 });
});

test("outcome_sum_addsNumbersAndJoinsNames", () => {
  assert.deepEqual(sum([passing, oneFailure("a", "b"), passing]), { passed: 6, failed: 1, failures: [{ name: "a", reason: "b" }], skipped: [] });
});
