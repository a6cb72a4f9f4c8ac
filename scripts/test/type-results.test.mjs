import assert from "node:assert/strict";
import { test } from "node:test";
import { countTypeErrors } from "./type-results.mjs";

const FILES = ["tests/types/contract.ts", "tests/types/usage.ts"];

test("typeResults_noErrors_everyFilePasses", () => {
  assert.deepEqual(countTypeErrors("", FILES), { passed: 2, failed: 0, failures: [], skipped: [] });
});

test("typeResults_severalErrorsInAFile_countOnce", () => {
  const { passed, failed, failures } = countTypeErrors(
    "tests/types/usage.ts(3,7): error TS2322: Type 'string' is not assignable.\n  a detail\ntests/types/usage.ts(9,1): error TS2304: Cannot find name.\n",
    FILES,
  );
  assert.deepEqual({ passed, failed }, { passed: 1, failed: 1 });
  assert.deepEqual(failures, [{ name: "tests/types/usage.ts", reason: "TS2322: Type 'string' is not assignable." }]);
});

test("typeResults_errorOutsideTheTests_fails", () => {
  assert.equal(countTypeErrors("pkg/index.d.ts(1,1): error TS1005: ';' expected.\n", FILES).failed, 1);
});

test("typeResults_errorOfTheConfiguration_fails", () => {
  assert.equal(countTypeErrors("error TS18003: No inputs were found in config file.\n", []).failed, 1);
});
