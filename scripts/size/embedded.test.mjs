import assert from "node:assert/strict";
import { test } from "node:test";
import { embed } from "../build/embed.mjs";
import { withoutEmbedded } from "./embedded.mjs";

/** Every byte, so that every escape of the embedding comes up. */
const module = Uint8Array.from({ length: 1024 }, (_, index) => (index * 7) % 256);
const script = "const f = (a) => `${a}: ok`;\n";

test("withoutEmbedded_bothEmbeddings_leaveTheScript", () => {
  for (const bytes of [module, module.map((byte) => byte % 5)]) {
    const rest = withoutEmbedded(script + embed(bytes) + script, bytes.length);
    assert.ok(rest.startsWith(script) && rest.endsWith(script));
    assert.ok(rest.length < 2 * script.length + 200, rest);
  }
});

test("withoutEmbedded_aScriptWithoutTheModule_isRefused", () => {
  assert.throws(() => withoutEmbedded(script, 1024), /no string as long as the module/);
  assert.throws(() => withoutEmbedded(embed(module.subarray(0, 300)), 1024), /no string as long as the module/);
});
