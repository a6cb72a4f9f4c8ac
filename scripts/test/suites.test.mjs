import assert from "node:assert/strict";
import { test } from "node:test";
import { chosenSuites, suites, suiteTestFiles } from "./suites.mjs";

const named = (...names) => chosenSuites(names).map(({ name }) => name);

test("chosenSuites_none_meansAllInOrder", () => {
  assert.deepEqual(named().filter((name) => name !== "types"), ["scripts", "rust", "wasm", "package", "e2e", "electron"]);
});

test("chosenSuites_suiteThatIsNotPresent_runsOnlyWhenNamed", () => {
  const all = [{ ...suites[0], name: "here" }, { ...suites[0], name: "absent", present: () => false }];
  assert.deepEqual(chosenSuites([], all).map(({ name }) => name), ["here"]);
  assert.deepEqual(chosenSuites(["absent"], all).map(({ name }) => name), ["absent"]);
});

test("chosenSuites_someInAnyOrder_comeInTheSuitesOrder", () => {
  assert.deepEqual(named("e2e", "rust"), ["rust", "e2e"]);
});

test("chosenSuites_unknownName_isRefused", () => {
  assert.throws(() => named("rsut"), /there is no suite rsut/);
});

test("suites_thatNeedTheBuiltPackage_sayThatTheyDo", () => {
  assert.deepEqual(suites.filter(({ built }) => built).map(({ name }) => name), ["package", "e2e", "electron", "types"]);
});

test("suiteTestFiles_thisFile_isAmongThem", () => {
  assert.ok(suiteTestFiles().some((path) => path.endsWith("suites.test.mjs")));
});
