import assert from "node:assert/strict";
import { test } from "node:test";
import binaryen from "binaryen";
import { namedFunctions } from "../size/module.mjs";
import { inOrder, namedByPlace } from "./order.mjs";

const MODULE = `(module
  (import "a" "b" (func (param i32)))
  (func (export "long") (param i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 4)))
  (func (export "locals") (param i32) (result i32) (local i32) (local.tee 1 (local.get 0)))
  (func (export "short") (param i32) (result i32) (local.get 0))
)`;

test("namedByPlace_aModule_isTheSameWithANamePerPlace", async () => {
  const named = await namedByPlace(binaryen.parseText(MODULE).emitBinary());
  const { long, locals, short } = (await WebAssembly.instantiate(named, { a: { b() {} } })).instance.exports;
  assert.deepEqual([long(2), locals(2), short(2)], [10, 2, 2], "the module is the same");
  const functions = await namedFunctions(named);
  assert.deepEqual(functions.map(({ name }) => name).sort(), ["00000000", "00000001", "00000002"]);
  assert.equal(functions.find(({ name }) => name === "00000000")?.bytes, 5, "the smallest is the first");
});

test("inOrder_functionsThatAreAlike_lieSideBySide", () => {
  const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);
  const bodies = ["abc", "the quick brown fox", "pack my box with jugs", "the quick brown dog", "pack my box with rugs"].map(bytes);
  const order = inOrder(bodies);
  assert.deepEqual([...order].sort(), [0, 1, 2, 3, 4]);
  assert.equal(order[0], 0);
  assert.equal(Math.abs(order.indexOf(1) - order.indexOf(3)), 1);
  assert.equal(Math.abs(order.indexOf(2) - order.indexOf(4)), 1);
});
