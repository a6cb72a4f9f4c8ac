import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { brotliDecompressSync } from "node:zlib";
import { total, weigh, without } from "./compression.mjs";

test("weigh_bytes_givesTheirLengthAndWhatCompressionMakesOfIt", () => {
  const text = Buffer.from("code_verifier=".repeat(500));
  const { raw, gzip, brotli } = weigh(text);
  assert.equal(raw, text.length);
  assert.ok(gzip < raw / 20 && brotli < gzip, `${gzip} ${brotli}`);
  const noise = weigh(randomBytes(4096));
  assert.ok(noise.gzip > 4096 && noise.brotli >= 4096);
});

test("weigh_fixedBytes_isTheStandardsFigure", () => {
  // The empty stream is one byte of brotli and twenty of gzip.
  assert.deepEqual(weigh(Buffer.alloc(0)), { raw: 0, gzip: 20, brotli: 1 });
  assert.equal(brotliDecompressSync(Buffer.from([0x06])).length, 0);
});

test("total_and_without_areInverse", () => {
  const a = { raw: 10, gzip: 8, brotli: 6 };
  const b = { raw: 5, gzip: 4, brotli: 3 };
  assert.deepEqual(total([a, b]), { raw: 15, gzip: 12, brotli: 9 });
  assert.deepEqual(without(total([a, b]), a, b), { raw: 0, gzip: 0, brotli: 0 });
});
