import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { isGone, withLock } from "./lock.mjs";

function lockPath(t) {
  const folder = mkdtempSync(join(tmpdir(), "pixie-auth-lock-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "tool.lock");
}

/** The id of a process that has already ended. */
const endedPid = () => spawnSync(process.execPath, ["-e", ""]).pid;

test("withLock_twoAtOnce_runOneAfterTheOther", async (t) => {
  const path = lockPath(t);
  const events = [];
  let release;
  const first = withLock(path, () => new Promise((resolve) => {
    events.push("first begins");
    release = () => {
      events.push("first ends");
      resolve();
    };
  }));
  const onWait = (owner) => {
    events.push(`second waits for ${owner.pid === process.pid ? "us" : "another"}`);
    release();
  };
  const second = withLock(path, async () => void events.push("second begins"), { onWait, poll: 1 });
  await Promise.all([first, second]);
  assert.deepEqual(events, ["first begins", "second waits for us", "first ends", "second begins"]);
});

test("withLock_workThrows_givesTheLockBack", async (t) => {
  const path = lockPath(t);
  await assert.rejects(withLock(path, async () => { throw new Error("on purpose"); }), /on purpose/);
  assert.equal(existsSync(path), false);
});

test("withLock_ownerDied_takesOverAndLeavesNothingBehind", async (t) => {
  const path = lockPath(t);
  mkdirSync(path);
  writeFileSync(join(path, "owner"), JSON.stringify({ pid: endedPid(), host: hostname() }));
  assert.equal(await withLock(path, async () => "done", { onWait: () => assert.fail("must not wait") }), "done");
  assert.deepEqual(readdirSync(join(path, "..")), []);
});

test("isGone_livingProcess_isFalse", () => {
  assert.equal(isGone({ pid: process.pid, host: hostname() }), false);
});

test("isGone_processOfAnotherMachine_isFalse", () => {
  assert.equal(isGone({ pid: endedPid(), host: "another-machine.test" }), false);
});
