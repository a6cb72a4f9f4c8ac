// @ts-check
// Counts what `node --test` did, from the events that node-events.mjs writes down.
import { basename, resolve } from "node:path";
import { nothing } from "./outcome.mjs";

/** @typedef {import("./node-events.mjs").NodeTestEvent} NodeTestEvent */

/**
 * @param {string} text One event a line.
 * @param {string} [folder] What the runner's relative names are relative to.
 */
export function countNodeResults(text, folder = process.cwd()) {
  const outcome = nothing();
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    /** @type {NodeTestEvent} */
    const event = JSON.parse(line);
    const isFile = event.file !== null && resolve(folder, event.name) === event.file;
    const name = isFile || !event.file ? basename(event.name) : `${basename(event.file)}: ${event.name}`;
    if (isOn(event.skip)) {
      outcome.skipped.push({ name, reason: said(event.skip, "skipped without a reason") });
    } else if (isOn(event.todo)) {
      outcome.skipped.push({ name, reason: `to do${typeof event.todo === "string" && event.todo ? `: ${event.todo}` : ""}` });
    } else if (event.result === "fail") {
      // What failed inside it has been counted already.
      if (event.failureType === "subtestsFailed") continue;
      outcome.failed += 1;
      outcome.failures.push({ name, reason: firstLine(event.message) });
    } else if (isFile) {
      // Node reports a file as one passed test where no test of it was heard of: it has none, or it left the process
      // before the runner could say so.
      outcome.failed += 1;
      outcome.failures.push({ name, reason: "the file ended without a single test" });
    } else if (!event.suite) {
      outcome.passed += 1;
    }
  }
  return outcome;
}

/** A reason may be empty; the mark still stands. @param {string | boolean | null} mark */
const isOn = (mark) => mark === true || typeof mark === "string";
/** @param {string | boolean | null} mark @param {string} otherwise */
const said = (mark, otherwise) => (typeof mark === "string" && mark !== "" ? mark : otherwise);
/** @param {string | null} text */
const firstLine = (text) => (text ?? "").trim().split("\n")[0];
