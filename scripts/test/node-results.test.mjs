import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { countNodeResults } from "./node-results.mjs";

/** Runs a file of tests as npm test does, and counts. */
function counted(t, source) {
  const folder = mkdtempSync(join(tmpdir(), "pixie-auth-results-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "sample.test.mjs");
  writeFileSync(file, source);
  // A runner inside a runner would take itself for one of the outer one's files.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = spawnSync(
    process.execPath,
    ["--test", `--test-reporter=${new URL("./node-events.mjs", import.meta.url).href}`, "--test-reporter-destination=stdout", file],
    { cwd: folder, env, encoding: "utf8" },
  );
  return countNodeResults(stdout, folder);
}

const IMPORTS = 'import { before, describe, test } from "node:test";\n';

test("nodeResults_passedAndFailed_areCountedOnceEach", (t) => {
  const { passed, failed, failures } = counted(t, `${IMPORTS}
    test("good", () => {});
    describe("group", () => {
      test("good inside", () => {});
      test("bad inside", () => { throw new Error("on purpose\\nsecond line"); });
    });`);
  assert.deepEqual({ passed, failed }, { passed: 2, failed: 1 });
  assert.deepEqual(failures, [{ name: "sample.test.mjs: bad inside", reason: "on purpose" }]);
});

test("nodeResults_failingSubtest_doesNotCountItsParentToo", (t) => {
  const { passed, failed } = counted(t, `${IMPORTS}
    test("parent", async (t) => {
      await t.test("good child", () => {});
      await t.test("bad child", () => { throw new Error("on purpose"); });
    });`);
  assert.deepEqual({ passed, failed }, { passed: 1, failed: 1 });
});

test("nodeResults_skippedAndToDo_areListedWithTheirReasons", (t) => {
  const { passed, failed, skipped } = counted(t, `${IMPORTS}
    test("declared", { skip: "no display" }, () => {});
    test("at run time", (t) => t.skip("no network"));
    test("silent", { skip: true }, () => {});
    test("planned", { todo: "next week" }, () => { throw new Error("not yet"); });
    describe.skip("whole group", () => { test("inside", () => {}); });`);
  assert.deepEqual({ passed, failed }, { passed: 0, failed: 0 });
  assert.deepEqual(skipped.map(({ reason }) => reason), ["no display", "no network", "skipped without a reason", "to do: next week", "skipped without a reason"]);
});

test("nodeResults_failingHook_fails", (t) => {
  const { failed } = counted(t, `${IMPORTS} describe("group", () => { before(() => { throw new Error("hook"); }); test("never", () => {}); });`);
  assert.ok(failed >= 1);
});

test("nodeResults_fileWithoutTests_fails", (t) => {
  const { passed, failed, failures } = counted(t, "export {};");
  assert.deepEqual({ passed, failed }, { passed: 0, failed: 1 });
  assert.match(failures[0].reason, /without a single test/);
});

test("nodeResults_fileThatLeavesEarlyWithExitCodeZero_fails", (t) => {
  const { failed } = counted(t, `${IMPORTS} test("leaves", () => process.exit(0)); test("never", () => {});`);
  assert.ok(failed >= 1);
});

test("nodeResults_fileThatCannotBeLoaded_fails", (t) => {
  const { failed } = counted(t, 'import "./is-not-there.mjs";');
  assert.equal(failed, 1);
});
