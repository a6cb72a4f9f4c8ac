import assert from "node:assert/strict";
import { test } from "node:test";
import binaryen from "binaryen";
import { tabled } from "./table.mjs";

const bytes = binaryen
  .parseText(
    `(module
      (memory $m 1 2)
      (data (i32.const 0) "x")
      (export "memory" (memory $m))
      (export "three" (func $three))
      (export "two" (func $two))
      (export "kept" (func $kept))
      (func $two (result i32) (i32.const 2))
      (func $kept (result i32) (i32.const 1))
      (func $three (result i32) (i32.const 3)))`,
  )
  .emitBinary();

test("tabled_functions_areInTheTableInTheirOrder", () => {
  const { bytes: short, names } = tabled(bytes, "t", (name) => name === "kept");
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(short));
  assert.deepEqual(Object.keys(exports).sort(), ["kept", "memory", "t"]);
  assert.deepEqual(names, ["two", "three"]);
  assert.deepEqual(names.map((_, place) => exports.t.get(place)()), [2, 3]);
  assert.equal(exports.kept(), 1);
});

test("tabled_twice_isRefused", () => {
  const { bytes: short } = tabled(bytes, "t", () => false);
  assert.throws(() => tabled(short, "u", () => false), /a table already/);
});

test("tabled_underANameThatIsTaken_isRefused", () => {
  assert.throws(() => tabled(bytes, "memory", () => true), /exports something else/);
});
