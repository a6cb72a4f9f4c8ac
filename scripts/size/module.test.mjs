import assert from "node:assert/strict";
import { test } from "node:test";
import { namedFunctions, sections } from "./module.mjs";

const section = (id, ...content) => [id, content.length, ...content];
const text = (value) => [value.length, ...Buffer.from(value)];
/** One imported function, then two of its own, of 2 and 5 bytes without the bytes that say so. */
const parts = [
  section(1, 1, 0x60, 0, 0),
  section(2, 1, ...text("m"), ...text("f"), 0, 0),
  section(3, 2, 0, 0),
  section(10, 2, 2, 0, 0x0b, 5, 0, 0x41, 7, 0x1a, 0x0b),
];
const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const names = section(0, ...text("name"), 1, 1 + 6 + 7 + 6, 3, 0, ...text("from"), 1, ...text("small"), 2, ...text("wide"));
const module = (...sectionsOf) => Uint8Array.from([...MAGIC, ...sectionsOf.flat()]);

test("namedFunctions_ownFunctions_areNamedPastTheImportedOnes", async () => {
  assert.deepEqual(await namedFunctions(module(...parts, names)), [
    { name: "wide", bytes: 6 },
    { name: "small", bytes: 3 },
  ]);
});

test("namedFunctions_withoutNames_isRefused", async () => {
  await assert.rejects(namedFunctions(module(...parts)), /no names/);
});

test("sections_everyByte_isCountedOnce", () => {
  const bytes = module(...parts, names);
  const found = sections(bytes);
  assert.equal(found.code, parts[3].length);
  assert.equal(found.data, 0);
  assert.equal(found.code + found.data + found.rest, bytes.length);
});

test("sections_truncatedModule_isRefused", () => {
  assert.throws(() => sections(Uint8Array.from([...MAGIC, 10])), /ends in the middle/);
});
