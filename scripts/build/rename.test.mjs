import assert from "node:assert/strict";
import { test } from "node:test";
import binaryen from "binaryen";
import { renamed } from "./rename.mjs";

const bytes = binaryen
  .parseText(
    `(module
      (import "long" "function" (func $f (result i32)))
      (import "long" "memory" (memory $m 1 2))
      (import "long" "global" (global $g (mut i32)))
      (export "answer" (func $answer))
      (export "again" (global $g))
      (func $answer (result i32) (i32.add (call $f) (global.get $g))))`,
  )
  .emitBinary();

test("renamed_importsAndExports_areTheSameByOtherNames", () => {
  const short = renamed(bytes, { imported: (module, name) => [module[0], name[0]], exported: (name) => name.toUpperCase() });
  const module = new WebAssembly.Module(short);
  assert.deepEqual(WebAssembly.Module.imports(module).map((one) => [one.module, one.name]), [["l", "m"], ["l", "g"], ["l", "f"]]);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  const { exports } = new WebAssembly.Instance(module, { l: { m: memory, g: new WebAssembly.Global({ value: "i32", mutable: true }, 2), f: () => 40 } });
  assert.equal(exports.ANSWER(), 42);
  assert.equal(exports.AGAIN.value, 2);
});

test("renamed_withNothingToRename_isTheSameByteForByte", () => {
  assert.deepEqual([...renamed(bytes, {})], [...bytes]);
});

test("renamed_aLongerSection_saysItsLength", () => {
  const long = renamed(bytes, { exported: (name) => name.repeat(40) });
  assert.deepEqual(WebAssembly.Module.exports(new WebAssembly.Module(long)).map(({ name }) => name.length), [240, 200]);
});
