import assert from "node:assert/strict";
import { test } from "node:test";
import { changelogVersion, lockedVersion, majorOf, manifestVersion, pinnedToolchain, printedVersion } from "./versions.mjs";

const LOCK = `version = 4

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
source = "registry+https://example.test/index"

[[package]]
name = "wasm-bindgen-macro"
version = "0.2.131"

[[package]]
name = "twice"
version = "1.0.0"

[[package]]
name = "twice"
version = "2.0.0"
`;

test("lockedVersion_packageInTheLock_isItsVersion", () => {
  assert.equal(lockedVersion(LOCK, "wasm-bindgen"), "0.2.130");
});

test("lockedVersion_windowsLineEnds_areRead", () => {
  assert.equal(lockedVersion(LOCK.replaceAll("\n", "\r\n"), "wasm-bindgen"), "0.2.130");
});

test("lockedVersion_absentPackage_throws", () => {
  assert.throws(() => lockedVersion(LOCK, "serde"), /does not hold/);
});

test("lockedVersion_packageHeldTwice_throws", () => {
  assert.throws(() => lockedVersion(LOCK, "twice"), /1\.0\.0, 2\.0\.0/);
});

test("manifestVersion_versionsOfDependencies_areNotTaken", () => {
  assert.equal(manifestVersion('[dependencies.serde]\nversion = "9.9.9"\n[package]\nname = "x"\nversion = "0.1.0"\n[lib]\n'), "0.1.0");
});

test("manifestVersion_noneInPackage_throws", () => {
  assert.throws(() => manifestVersion('[package]\nname = "x"\n[dependencies.serde]\nversion = "9.9.9"\n'), /no version/);
});

test("changelogVersion_unreleasedOnTop_isPassedOver", () => {
  assert.equal(changelogVersion("# Changelog\n\n## Unreleased\n\n- x\n\n## [0.2.0-rc.1] - 2026-01-02\n\n## 0.1.0\n"), "0.2.0-rc.1");
});

test("changelogVersion_noVersion_throws", () => {
  assert.throws(() => changelogVersion("# Changelog\n\n## Unreleased\n"), /no heading/);
});

test("pinnedToolchain_fullFile_isRead", () => {
  const text = '# why\n[toolchain]\nchannel = "1.95.0"\nprofile = "minimal"\ncomponents = [\n  "rustfmt",\n  "clippy",\n]\ntargets = ["wasm32-unknown-unknown"]\n';
  assert.deepEqual(pinnedToolchain(text), {
    channel: "1.95.0",
    profile: "minimal",
    components: ["rustfmt", "clippy"],
    targets: ["wasm32-unknown-unknown"],
  });
});

test("pinnedToolchain_noChannel_throws", () => {
  assert.throws(() => pinnedToolchain("[toolchain]\n"), /no channel/);
});

test("printedVersion_usualOutputs_areUnderstood", () => {
  assert.equal(printedVersion("wasm-pack 0.15.1\n"), "0.15.1");
  assert.equal(printedVersion("wasm-bindgen 0.2.130 (0123456)"), "0.2.130");
  assert.equal(printedVersion("Chromium 156.0.8078.79 built on Debian GNU/Linux 12 (bookworm)"), "156.0.8078.79");
  assert.equal(printedVersion("command not found"), null);
});

test("majorOf_browserVersion_isItsFirstNumber", () => {
  assert.equal(majorOf("156.0.8078.79"), 156);
});
