import assert from "node:assert/strict";
import { test } from "node:test";
import binaryen from "binaryen";
import { namedFunctions } from "../size/module.mjs";
import { namedByPlace } from "./order.mjs";

const MODULE = `(module
  (import "a" "b" (func (param i32)))
  (func (export "long") (param i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 4)))
  (func (export "locals") (param i32) (result i32) (local i32) (local.tee 1 (local.get 0)))
  (func (export "short") (param i32) (result i32) (local.get 0))
)`;

test("namedByPlace_functionsOfOneType_comeByTheirLocalsAndThenTheirSize", async () => {
  const named = await namedByPlace(binaryen.parseText(MODULE).emitBinary());
  const { long, locals, short } = (await WebAssembly.instantiate(named, { a: { b() {} } })).instance.exports;
  assert.deepEqual([long(2), locals(2), short(2)], [10, 2, 2], "the module is the same");
  const sizes = (await namedFunctions(named)).sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ bytes }) => bytes);
  // short, long, and locals in the end
  assert.deepEqual(sizes, [5, 11, 9]);
});
