import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { root } from "../scripts/paths.mjs";
import { bundle, command } from "./bundles.mjs";

const entry = 'export { default } from "pkce-challenge"';

test("bundle_ofAPeer_holdsWhatWasAskedForAlone", async () => {
  const code = Buffer.from(await bundle(entry)).toString();
  assert.match(code, /export\{\w+ as default\}/);
  assert.doesNotMatch(code, /verifyChallenge|from"/);
});

test("command_typedInAShell_givesTheBundlesSize", { skip: process.platform === "win32" && "the command is for a POSIX shell" }, async () => {
  const printed = execFileSync("sh", ["-c", command(entry)], { cwd: root, encoding: "utf8" });
  // `echo` ends the module's text with a line's end, which minifying drops.
  assert.equal(Number(printed), brotliCompressSync(await bundle(entry)).length);
});
