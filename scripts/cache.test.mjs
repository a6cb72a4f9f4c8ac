import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cached } from "./cache.mjs";

/** A user's cache of the test's own. */
function ownCache(t) {
  const before = process.env.XDG_CACHE_HOME;
  const folder = mkdtempSync(join(tmpdir(), "pixie-auth-cache-"));
  process.env.XDG_CACHE_HOME = folder;
  t.after(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    rmSync(folder, { recursive: true, force: true });
  });
}

test("cached_calledTwiceAtOnceAndAgain_isMadeOnce", async (t) => {
  ownCache(t);
  let made = 0;
  const make = async (folder) => {
    made += 1;
    writeFileSync(join(folder, "thing"), "");
  };
  const folders = await Promise.all([cached("tool", make), cached("tool", make)]);
  assert.equal(await cached("tool", make), folders[0]);
  assert.equal(folders[0], folders[1]);
  assert.equal(made, 1);
  assert.ok(existsSync(join(folders[0], "thing")));
});

test("cached_whoseMakingFailed_isMadeAnewFromAnEmptyFolder", async (t) => {
  ownCache(t);
  const failing = cached("tool", async (folder) => {
    writeFileSync(join(folder, "half"), "");
    throw new Error("on purpose");
  });
  await assert.rejects(failing, /on purpose/);
  const folder = await cached("tool", async (empty) => assert.deepEqual(readdirSync(empty), []));
  assert.deepEqual(readdirSync(folder), ["complete"]);
});
