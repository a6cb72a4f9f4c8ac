// @ts-check
// Counts what `cargo test` did, from what it prints; wasm-bindgen's test runner speaks the same language.
import { nothing } from "./outcome.mjs";

/** @typedef {import("./outcome.mjs").Outcome} Outcome */

/** Cargo announces each test program (on stderr)… */
const STARTED = /^\s*(?:Running (?:unittests )?\S+(?: \(.*\))?|Doc-tests \S+)\s*$/;
/** …and each ends (on stdout) in one of these, unless it died. */
const FINISHED = /^test result: (?:ok|FAILED)\. (?<passed>\d+) passed; (?<failed>\d+) failed; (?<ignored>\d+) ignored;/;
/** A program without wasm tests links no runner, and has nothing to count. */
const NOTHING_TO_RUN = /^no tests to run!$/;
const IGNORED = /^test (?<name>.+) \.\.\. ignored(?:, (?<reason>.*))?$/;
const FAILED = /^test (?<name>.+) \.\.\. FAIL(?:ED)?$/;
const UNNAMED = "ignored in the source, without a reason";

/**
 * @param {string} output Without colours. Nothing rests on the order of the two streams, which pipes do not keep.
 * @returns {Outcome}
 */
export function countCargoResults(output) {
  const outcome = nothing();
  let [started, ended, ignored] = [0, 0, 0];
  for (const line of output.split(/\r?\n/)) {
    if (STARTED.test(line)) started += 1;
    if (NOTHING_TO_RUN.test(line)) ended += 1;
    const finished = line.match(FINISHED)?.groups;
    if (finished) {
      ended += 1;
      outcome.passed += Number(finished.passed);
      outcome.failed += Number(finished.failed);
      ignored += Number(finished.ignored);
    }
    const skipped = line.match(IGNORED)?.groups;
    if (skipped) outcome.skipped.push({ name: skipped.name, reason: skipped.reason ?? UNNAMED });
    const failure = line.match(FAILED)?.groups;
    if (failure) outcome.failures.push({ name: failure.name, reason: "" });
  }
  for (; ended < started; ended += 1) {
    outcome.failed += 1;
    outcome.failures.push({ name: "a test program", reason: "it ended without a result; cargo's last lines say which one" });
  }
  // A test that prints in the middle of its own line hides its name, not that it was left out.
  while (outcome.skipped.length < ignored) outcome.skipped.push({ name: "(name not seen in the output)", reason: UNNAMED });
  return outcome;
}
