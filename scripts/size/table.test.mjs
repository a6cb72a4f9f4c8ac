import assert from "node:assert/strict";
import { test } from "node:test";
import { grouped, table } from "./table.mjs";

test("grouped_numbers_haveCommasByThousands", () => {
  assert.deepEqual([0, 999, 1000, 1234567, -4096, 999.6].map(grouped), ["0", "999", "1,000", "1,234,567", "-4,096", "1,000"]);
});

test("table_cells_lineUpWhateverTheirColour", () => {
  const rows = [["\u001b[1mwide name\u001b[22m", "7"], [], ["x", "1,000"]];
  assert.deepEqual(table(["name", "bytes"], rows).split("\n"), [
    "name       bytes",
    "────────────────",
    "\u001b[1mwide name\u001b[22m      7",
    "────────────────",
    "x          1,000",
  ]);
});
