// @ts-check
// Counts what the TypeScript compiler found: every file of type tests is one test.
import { nothing } from "./outcome.mjs";

const ERROR = /^(?<file>[^\s(][^(\n]*)\(\d+,\d+\): error (?<message>TS\d+: .*)$/;
/** Errors of the configuration name no file. */
const GENERAL = /^error (?<message>TS\d+: .*)$/;

/**
 * @param {string} output What `tsc --pretty false` printed.
 * @param {readonly string[]} files The type tests, as tsc names them: relative, with forward slashes.
 */
export function countTypeErrors(output, files) {
  /** @type {Map<string, string>} */
  const broken = new Map();
  for (const line of output.split(/\r?\n/)) {
    const error = line.match(ERROR)?.groups ?? line.match(GENERAL)?.groups;
    if (!error) continue;
    const file = error.file?.replaceAll("\\", "/") ?? "(configuration)";
    if (!broken.has(file)) broken.set(file, error.message);
  }
  const outcome = nothing();
  // A file that did not count as a test, such as the package's own types, fails as well.
  outcome.failures = [...broken].map(([name, reason]) => ({ name, reason }));
  outcome.failed = broken.size;
  outcome.passed = files.filter((file) => !broken.has(file)).length;
  return outcome;
}
