// @ts-check
import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";

import { windows } from "../../scripts/programs.mjs";
import { findPython } from "./django.mjs";

/**
 * A PATH of folders, each with one program that prints a version, or fails as a Python without venv does.
 * @param {import("node:test").TestContext} t
 * @param {[name: string, prints: string | null][]} programs
 */
async function pathWith(t, programs) {
  const folders = [];
  for (const [name, prints] of programs) {
    const folder = await mkdtemp(join(tmpdir(), "pixie-auth-python-"));
    t.after(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, name), `#!/bin/sh\n${prints === null ? "echo 3.13.1; exit 1" : `echo ${prints}`}\n`);
    await chmod(join(folder, name), 0o755);
    folders.push(folder);
  }
  return { folders, env: { PATH: folders.join(delimiter) } };
}

const skip = windows && "the programs are shell scripts";

test("findPython_none_saysWhatToInstall", () => {
  assert.match(String(findPython({ PATH: "" })), /install it .*python3-venv/);
});

test("findPython_tooOldOrWithoutVenv_isPassedOver", { skip }, async (t) => {
  const { folders, env } = await pathWith(t, [["python3", "3.9.18"], ["python3", null], ["python3", "3.10.0"], ["python", "3.14.2"]]);
  assert.deepEqual(findPython(env), { path: join(folders[2], "python3"), version: "3.10.0" });
});

test("findPython_tooOldAlone_saysWhatToInstall", { skip }, async (t) => {
  const { env } = await pathWith(t, [["python3", "3.9.18"], ["python", "2.7.18"]]);
  assert.match(String(findPython(env)), /no Python ≥ 3\.10/);
});
