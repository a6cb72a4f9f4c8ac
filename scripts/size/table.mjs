// @ts-check
// Tables for the terminal: columns as wide as their widest cell, a rule under the head.
import { stripVTControlCharacters } from "node:util";

/** 33118 → "33,118", in every locale. */
export const grouped = (/** @type {number} */ value) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");

const width = (/** @type {string} */ text) => stripVTControlCharacters(text).length;

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows A row of no cells is a rule.
 * @param {readonly number[]} [left] The columns whose cells begin at the left; the others hold numbers.
 */
export function table(head, rows, left = [0]) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => width(row[column] ?? ""))));
  const rule = widths.map((one) => "─".repeat(one)).join("──");
  const line = (/** @type {readonly string[]} */ row) => {
    const cells = row.map((cell, column) => {
      const space = " ".repeat(widths[column] - width(cell));
      return left.includes(column) ? cell + space : space + cell;
    });
    return cells.join("  ").trimEnd();
  };
  return [line(head), rule, ...rows.map((row) => (row.length === 0 ? rule : line(row)))].join("\n");
}
