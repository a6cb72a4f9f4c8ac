import assert from "node:assert/strict";
import { test } from "node:test";
import { countCargoResults } from "./cargo-results.mjs";

const TWO_PROGRAMS = `
   Compiling pixie-auth v0.1.0
     Running unittests src/lib.rs (target/debug/deps/pixie_auth-0123)

running 3 tests
test core::pkce::appendix_b ... ok
test core::slow ... ignored, takes an hour
test core::token::broken ... FAILED

failures:
    core::token::broken

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s

     Running tests/flows.rs (target/debug/deps/flows-0123)

running 2 tests
..
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests pixie_auth

running 1 test
test src/lib.rs - (line 3) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
`;

test("cargoResults_severalPrograms_areSummed", () => {
  const { passed, failed } = countCargoResults(TWO_PROGRAMS);
  assert.deepEqual({ passed, failed }, { passed: 4, failed: 1 });
});

test("cargoResults_namedTests_areListedWithTheirReasons", () => {
  const { failures, skipped } = countCargoResults(TWO_PROGRAMS);
  assert.deepEqual(failures, [{ name: "core::token::broken", reason: "" }]);
  assert.deepEqual(skipped, [{ name: "core::slow", reason: "takes an hour" }]);
});

test("cargoResults_programThatDied_countsAsFailed", () => {
  const { passed, failed } = countCargoResults(TWO_PROGRAMS.replace(/^test result: ok\. 2 .*$/m, "error: test failed (signal: 11)"));
  assert.deepEqual({ passed, failed }, { passed: 2, failed: 2 });
});

test("cargoResults_streamsInAnotherOrder_giveTheSameCount", () => {
  const lines = TWO_PROGRAMS.split("\n");
  const isStart = (line) => /Running|Doc-tests/.test(line);
  const startsFirst = [...lines.filter(isStart), ...lines.filter((line) => !isStart(line))].join("\n");
  assert.deepEqual(countCargoResults(startsFirst), countCargoResults(TWO_PROGRAMS));
});

test("cargoResults_wasmRunner_isUnderstood", () => {
  const { passed, failed, failures, skipped } = countCargoResults(`
     Running tests/web/main.rs (target/wasm32-unknown-unknown/debug/deps/web-0123.wasm)
running 3 tests
test storage::memory_roundtrip ... ok
test clock::now_is_finite ... FAIL
test later ... ignored

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 filtered out; finished in 0.1s
`);
  assert.deepEqual({ passed, failed }, { passed: 1, failed: 1 });
  assert.deepEqual(failures.map(({ name }) => name), ["clock::now_is_finite"]);
  assert.deepEqual(skipped.map(({ name }) => name), ["later"]);
});

test("cargoResults_wasmProgramWithoutTests_isNotADeath", () => {
  const { passed, failed } = countCargoResults("     Running unittests src/lib.rs (target/x.wasm)\nno tests to run!\n");
  assert.deepEqual({ passed, failed }, { passed: 0, failed: 0 });
});

test("cargoResults_ignoredTestWhoseLineIsGarbled_isStillSkipped", () => {
  const { skipped } = countCargoResults("test result: ok. 0 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s\n");
  assert.equal(skipped.length, 2);
});

test("cargoResults_compilationError_countsNothing", () => {
  const { passed, failed } = countCargoResults("error[E0425]: cannot find value `x`\nerror: could not compile `pixie-auth`\n");
  assert.deepEqual({ passed, failed }, { passed: 0, failed: 0 });
});
