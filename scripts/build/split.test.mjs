import assert from "node:assert/strict";
import { test } from "node:test";
import binaryen from "binaryen";
import { MAIN, SECOND, SELDOM, exporting, split } from "./split.mjs";

/** A module as the linker leaves it, with these functions. */
function linked(functions, more = "") {
  const module = binaryen.parseText(`(module
    (import "glue" "told" (func $told (param i32)))
    (import "glue" "rare" (func $rare (param i32)))
    (memory $0 1)
    (global $__stack_pointer (mut i32) (i32.const 4096))
    (data (i32.const 1024) "\\2a")
    (export "memory" (memory $0))
    ${more}
    ${functions}
  )`);
  binaryen.setDebugInfo(true);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

const listed = { entrances: [/^seldom::/], inside: [/^inner::/] };
const cutOf = (functions, more, pieces = []) => split(binaryen, linked(functions, more), pieces, listed);
const compiled = (bytes) => new WebAssembly.Module(bytes);
const importsOf = (bytes) => WebAssembly.Module.imports(compiled(bytes)).map(({ module, name }) => `${module} ${name}`);

/** The two as JavaScript joins them. */
function joined({ main, second }) {
  const needed = WebAssembly.Module.imports(compiled(second));
  const told = [];
  const glue = { told: (value) => told.push(["told", value]), rare: (value) => told.push(["rare", value]) };
  let loaded;
  const far = (name) => (...given) => loaded[name](...given);
  const names = WebAssembly.Module.imports(compiled(exporting(binaryen, main, needed))).filter(({ module }) => module === SECOND);
  const { exports } = new WebAssembly.Instance(compiled(exporting(binaryen, main, needed)), {
    glue,
    [SECOND]: Object.fromEntries(names.map(({ name }) => [name, far(name)])),
  });
  const load = () => (loaded = new WebAssembly.Instance(compiled(second), { [MAIN]: exports, glue }).exports);
  return { exports, load, told };
}

const CALL = `
  (func $ask (export "ask") (param i32) (result i32) (call $seldom::answer (local.get 0)))
  (func $seldom::answer (param i32) (result i32) (i32.add (call $only (local.get 0)) (call $both (i32.const 1))))
  (func $only (param i32) (result i32) (i32.mul (local.get 0) (i32.const 10)))
  (func $both (param i32) (result i32) (i32.add (local.get 0) (i32.const 5)))
  (func $keep (export "keep") (result i32) (call $both (i32.const 2)))`;

test("split_aCallFromMain_goesToTheSecondAndBack", () => {
  const { exports, load } = joined(cutOf(CALL));
  load();
  assert.equal(exports.ask(7), 76);
  assert.equal(exports.keep(), 7);
});

test("split_whatOnlySeldomFunctionsReach_movesAlong", () => {
  const cut = cutOf(CALL);
  assert.deepEqual(cut.moved.sort(), ["only", "seldom::answer"]);
  assert.deepEqual(cut.entrances, ["seldom::answer"]);
});

test("split_whatMainCallsToo_staysInMainOnly", () => {
  const { second } = cutOf(CALL);
  assert.ok(importsOf(second).includes(`${MAIN} both`));
});

test("split_whatAnExportReaches_staysInMain", () => {
  const { moved } = cutOf(`${CALL.replace("(func $only", '(func $only (export "only")')}`);
  assert.deepEqual(moved, ["seldom::answer"]);
});

test("split_aCallBeforeTheSecondIsLoaded_throwsAndChangesNothing", () => {
  const { exports, load } = joined(cutOf(CALL));
  assert.throws(() => exports.ask(7), TypeError);
  assert.equal(exports.keep(), 7);
  load();
  assert.equal(exports.ask(7), 76);
});

test("split_memoryAndStack_areOneForBoth", () => {
  const { exports, load } = joined(
    cutOf(`
      (func $ask (export "ask") (result i32) (call $seldom::deepen) (i32.load (global.get $__stack_pointer)))
      (func $seldom::deepen
        (global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (i32.const 16)))
        (i32.store (global.get $__stack_pointer) (i32.load8_u (i32.const 1024))))
      (func $depth (export "depth") (result i32) (global.get $__stack_pointer))`),
  );
  load();
  assert.equal(exports.ask(), 42, "main reads what the second wrote, and the second main's data");
  assert.equal(exports.depth(), 4080);
});

test("split_dataThatMainReads_areNotWrittenAnewByTheSecond", () => {
  const { exports, load } = joined(
    cutOf(`
      (func $put (export "put") (i32.store8 (i32.const 1024) (i32.const 7)))
      (func $ask (export "ask") (result i32) (call $seldom::read))
      (func $seldom::read (result i32) (i32.load8_u (i32.const 1024)))`),
  );
  exports.put();
  load();
  assert.equal(exports.ask(), 7, "loading it would have written the data anew");
});

test("split_dataThatOnlyTheSecondReads_goAlong", () => {
  const pieces = [{ address: 1024, size: 1 }, { address: 1025, size: 2 }];
  const cut = cutOf(
    `
      (func $look (export "look") (result i32) (i32.load8_u (i32.const 1024)))
      (func $peek (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
      (func $ask (export "ask") (result i32) (call $seldom::read))
      (func $seldom::read (result i32) (i32.add (i32.load8_u (i32.const 1024)) (i32.load16_u (i32.const 1025))))`,
    '(data (i32.const 1025) "\\01\\02")',
    pieces,
  );
  assert.deepEqual(cut.data, [pieces[1]]);
  const { exports, load } = joined(cut);
  assert.deepEqual([exports.look(), exports.peek(1025), exports.peek(1026)], [42, 0, 0], "main has only its own");
  load();
  assert.deepEqual([exports.look(), exports.peek(1025), exports.peek(1026)], [42, 1, 2]);
  assert.equal(exports.ask(), 42 + 0x201);
});

test("split_importsFromJavaScript_areWhereTheyAreCalled", () => {
  const cut = cutOf(`
    (func $ask (export "ask") (call $told (i32.const 1)) (call $seldom::tell))
    (func $seldom::tell (call $told (i32.const 2)) (call $rare (i32.const 3)))`);
  assert.deepEqual(importsOf(cut.main).sort(), ["glue told", `${SECOND} seldom::tell`]);
  assert.deepEqual(importsOf(cut.second).filter((one) => one.startsWith("glue")).sort(), ["glue rare", "glue told"]);
  const { exports, load, told } = joined(cut);
  load();
  exports.ask();
  assert.deepEqual(told, [["told", 1], ["told", 2], ["rare", 3]]);
});

test("split_namesWithHashes_areMatchedWithout", () => {
  const name = "pixie_auth::core::machines::seldom::<impl pixie_auth::core::machines::machine::Machine<J>>::push::h0123456789abcdef";
  const bytes = linked(`(func $ask (export "ask") (call $"${name}")) (func $"${name}" (call $rare (i32.const 1)))`);
  const { entrances, moved } = split(binaryen, bytes, []);
  assert.deepEqual(entrances, [name.slice(0, -19)]);
  assert.deepEqual(moved, entrances);
});

test("split_libraryFunctionsForATypeOfOurs_areNotListedByIt", () => {
  const { entrances, inside } = SELDOM;
  const listedBy = (name) => [...entrances, ...inside].some((pattern) => pattern.test(name));
  assert.ok(listedBy("<pixie_auth::core::machines::seldom::push::Pushed as core::ops::drop::Drop>::drop"));
  // Main drops such a value together with all others.
  assert.ok(!listedBy("core::ptr::drop_in_place<pixie_auth::core::machines::seldom::push::Pushed>"));
});

test("split_oneForTheSecondAloneThatMainCalls_isRefusedWithItsCaller", () => {
  const functions = `
    (func $ask (export "ask") (call $seldom::tell) (call $inner::check))
    (func $seldom::tell (call $inner::check))
    (func $inner::check (call $rare (i32.const 1)))`;
  assert.throws(() => cutOf(functions), /inner::check .* main calls it, from ask/);
});

test("split_anExportedOne_isRefused", () => {
  assert.throws(() => cutOf(`(func $seldom::tell (export "tell") (call $rare (i32.const 1)))`), /seldom::tell is exported/);
});

test("split_nothingToCut_isRefused", () => {
  assert.throws(() => cutOf(`(func $ask (export "ask") (call $rare (i32.const 1)))`), /no function that main calls/);
});

test("split_aTableOfFunctions_isRefused", () => {
  const functions = `(func $ask (export "ask") (call_indirect (i32.const 0))) (func $seldom::tell (call $rare (i32.const 1)))`;
  assert.throws(() => cutOf(functions, `(table 1 1 funcref) (elem (i32.const 0) $seldom::tell)`), /table of functions/);
});

test("split_aGlobalThatIsNotTheStackPointer_isRefused", () => {
  const functions = `
    (func $ask (export "ask") (result i32) (call $seldom::tell) (global.get $other))
    (func $seldom::tell (global.set $other (i32.const 1)))`;
  assert.throws(() => cutOf(functions, `(global $other (mut i32) (i32.const 0))`), /globals that the cut does not know: other/);
});
