import assert from "node:assert/strict";
import { test } from "node:test";
import { nothing } from "./outcome.mjs";
import { namedList, summaryTable, totalLine } from "./summary.mjs";

test("totalLine_nothingSkipped_namesPassedAndFailedAlone", () => {
  assert.equal(totalLine([{ ...nothing(), passed: 2 }, { ...nothing(), passed: 3, failed: 1 }]), "5 passed, 1 failed");
});

test("totalLine_somethingSkipped_saysSo", () => {
  assert.equal(totalLine([{ ...nothing(), passed: 2, skipped: [{ name: "a", reason: "b" }] }]), "2 passed, 0 failed, 1 skipped");
});

test("summaryTable_anySuites_linesHaveOneWidth", () => {
  const table = summaryTable([
    { ...nothing(), name: "rust", passed: 1234, seconds: 61 },
    { ...nothing(), name: "package", failed: 1, seconds: 3725 },
  ]);
  const lines = table.split("\n");
  assert.equal(new Set(lines.map((line) => line.length)).size, 1);
  assert.match(lines[1], /^rust +1234 +0 +0 +01:01$/);
  assert.match(lines[2], /1:02:05$/);
});

test("namedList_noItems_isEmpty", () => {
  assert.equal(namedList("Skipped:", []), "");
});

test("namedList_items_showSuiteNameAndReason", () => {
  assert.equal(namedList("Skipped:", [{ suite: "e2e", name: "popup", reason: "no display" }]), "Skipped:\n  e2e: popup: no display\n");
});
