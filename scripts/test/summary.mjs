// @ts-check
// How the results are shown at the end.
import { clock } from "../progress.mjs";
import { sum } from "./outcome.mjs";

/** @typedef {import("./outcome.mjs").Outcome & { name: string, seconds: number }} SuiteOutcome */

/** The line that stands alone at the very end. @param {readonly import("./outcome.mjs").Outcome[]} outcomes */
export function totalLine(outcomes) {
  const { passed, failed, skipped } = sum(outcomes);
  return `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;
}

/** @param {readonly SuiteOutcome[]} suites */
export function summaryTable(suites) {
  const rows = [
    ["suite", "passed", "failed", "skipped", "time"],
    ...suites.map(({ name, passed, failed, skipped, seconds }) => [name, String(passed), String(failed), String(skipped.length), clock(seconds)]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join("   "))
    .join("\n");
}

/** @param {string} heading @param {readonly { suite: string, name: string, reason: string }[]} items */
export function namedList(heading, items) {
  if (items.length === 0) return "";
  return `${heading}\n${items.map(({ suite, name, reason }) => `  ${suite}: ${name}${reason ? `: ${reason}` : ""}`).join("\n")}\n`;
}
