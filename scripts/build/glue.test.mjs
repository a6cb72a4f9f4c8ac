import assert from "node:assert/strict";
import { test } from "node:test";
import { wrapped } from "./glue.mjs";

const JSON_MODULE = `data:text/javascript,${encodeURIComponent("export const read = (value, name) => value[name]; export const total = (value, number) => value.value + number;")}#/json.js`;

/** Functions as wasm-bindgen writes them, with a host and a heap of our own. */
const GLUE = `
import { read, total } from '${JSON_MODULE}';
const log = [];
const host = { told: (...given) => log.push(["told", ...given]) };
const note = (...given) => (log.push(given), given[0]);
class Made {
  constructor(...given) { log.push(["new", ...given]); }
}
const heap = [host, { value: 1 }];
const texts = { 8: "one", 16: "two", 1: "", 24: "value" };
const getObject = (index) => heap[index];
const takeObject = (index) => (log.push(["taken", index]), heap[index]);
const addHeapObject = (object) => heap.push(object) - 1;
const getStringFromWasm0 = (pointer, length) => texts[pointer].slice(0, length);
export function __wbg_note_1(arg0, arg1, arg2, arg3, arg4, arg5) {
    const ret = note(getStringFromWasm0(arg0, arg1), arg2 === 0 ? undefined : getStringFromWasm0(arg2, arg3), arg4 === 0 ? undefined : arg5);
    return addHeapObject(ret);
}
export function __wbg_told_2(arg0, arg1, arg2, arg3) {
    getObject(arg0).told(arg1 >>> 0, takeObject(arg2), arg3 !== 0);
}
export function __wbg_new_3(arg0) {
    const ret = new Made(getObject(arg0));
    return addHeapObject(ret);
}
export function __wbg_read_4(arg0, arg1, arg2) {
    const ret = read(getObject(arg0), getStringFromWasm0(arg1, arg2));
    return addHeapObject(ret);
}
export function __wbg_total_7(arg0, arg1) {
    const ret = total(getObject(arg0), arg1 >>> 0);
    return ret;
}
export function __wbg_swapped_5(arg0, arg1) {
    note(arg1, arg0);
}
export function __wbg_strange_6(arg0) {
    const ret = note(getSomethingElse(arg0));
    return ret;
}
export { log, heap };
`;

const { glue, found } = wrapped(GLUE);
const load = () => import(`data:text/javascript,${encodeURIComponent(glue)}#${Math.random()}`);

test("wrapped_functionsOfKnownKinds_areCallsOfOneFunction", () => {
  assert.equal(found, 5);
  assert.match(glue, /__wbg_note_1 = wrap\("rssm", note\)/);
  assert.match(glue, /__wbg_told_2 = wrap\("vontb", "told"\)/);
});

test("wrapped_functionsOfUnknownKindsOrOrder_stayAsTheyAre", () => {
  assert.match(glue, /export function __wbg_swapped_5\(arg0, arg1\) \{\n {4}note\(arg1, arg0\);\n\}/);
  assert.match(glue, /export function __wbg_strange_6/);
});

test("wrapped_textsAndOptions_areReadAsTheGlueDoes", async () => {
  const { __wbg_note_1: note, log, heap } = await load();
  assert.equal(heap[note(8, 3, 16, 2, 1, 0.5)], "one");
  note(1, 0, 0, 0, 0, 0.5);
  note(1, 0, 1, 0, 0, 7);
  assert.deepEqual(log, [["one", "tw", 0.5], ["", undefined, undefined], ["", "", undefined]]);
});

test("wrapped_methodsAndConstructors_areCalledWithTheirObjects", async () => {
  const { __wbg_told_2: told, __wbg_new_3: make, log, heap } = await load();
  told(0, 5, 1, 1);
  assert.ok(heap[make(1)]);
  assert.deepEqual(log, [["taken", 1], ["told", 5, { value: 1 }, true], ["new", { value: 1 }]]);
});

test("wrapped_whatReadsJson_isWrittenOutWithAsManyArgumentsAsThereAre", async () => {
  const { __wbg_read_4: read, __wbg_total_7: total, __wbg_note_1: note, heap } = await load();
  assert.deepEqual([read.length, total.length, note.length], [3, 2, 0]);
  assert.equal(heap[read(1, 24, 5)], 1);
  assert.equal(total(1, 4), 5);
});

test("wrapped_whatGivesNothing_givesThePlaceOfUndefined", async () => {
  const { __wbg_read_4: read, __wbg_note_1: note, heap } = await load();
  const before = heap.length;
  assert.deepEqual([read(1, 8, 3), heap.length], [1024, before]);
  assert.notEqual(note(8, 3, 0, 0, 0, 0), 1024);
});
