import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { embed, tuned } from "./embed.mjs";

/** Bytes without end, the same each time. */
function* random(seed = 1) {
  for (;;) yield (seed = (seed * 48_271) % 2_147_483_647) & 255;
}

async function opened(bytes) {
  const source = embed(bytes);
  assert.doesNotMatch(source, /[^\n\u0020-\u007e\u00a1-\uffff]/, "no control characters");
  const { bytes: open } = await import(`data:text/javascript;charset=utf-8,${encodeURIComponent(source)}`);
  return Buffer.from(open());
}

test("embed_everyByteOften_comesOutAsItWentIn", async () => {
  const bytes = Uint8Array.from({ length: 4_096 }, ((all) => () => all.next().value)(random()));
  assert.deepEqual(await opened(bytes), Buffer.from(bytes));
});

test("embed_fewBytesOfAModulesKind_comeOutAsTheyWentIn", async () => {
  const bytes = Uint8Array.from({ length: 2_000 }, (_, index) => [0x20, 0x00, 0x41, 0x60, 0x5c, 0x24, 0xff, index & 7][index % 8]);
  assert.deepEqual(await opened(bytes), Buffer.from(bytes));
});

test("tuned_fileWithBytesInIt_isNoLargerAndOpensAsBefore", async () => {
  const bytes = Uint8Array.from({ length: 3_000 }, (_, index) => [0x20, 0x00, 0x41, 0x60, 0x5c, 0x24, 0xff, index % 11][index % 8]);
  const file = `/* before */ ${embed(bytes).replaceAll(/ ([+%]) /g, "$1")} export const rest = "behind";`;
  const better = tuned(file, bytes);
  assert.ok(brotliCompressSync(better).length <= brotliCompressSync(file).length);
  const { bytes: open, rest } = await import(`data:text/javascript;charset=utf-8,${encodeURIComponent(better)}`);
  assert.deepEqual([Buffer.from(open()), rest], [Buffer.from(bytes), "behind"]);
  assert.equal(tuned("no bytes", bytes), "no bytes");
});
