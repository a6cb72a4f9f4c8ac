// The installing, with a rustup and a cargo that only write down what they are asked: what a fresh machine goes through
// in ten minutes, without the network.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { windows } from "./programs.mjs";

const skip = windows && "the stand-ins for rustup and cargo are shell scripts";

const CARGO = `#!/bin/sh
echo "cargo $*" >> "$CALLS"
echo "target=$CARGO_TARGET_DIR toolchain=$RUSTUP_TOOLCHAIN build=$CARGO_BUILD_TARGET" >> "$CALLS"
mkdir -p "$CARGO_TARGET_DIR"
case "$* $FAIL" in *--locked*locked*|*always*) echo "error: the lock file cannot be satisfied" >&2; exit 101;; esac
while [ "$1" != --root ]; do shift; done
mkdir -p "$2/bin"
for name in wasm-pack wasm-bindgen wasm-bindgen-test-runner; do : > "$2/bin/$name"; done
`;

/** Lists what $INSTALLED says, as rustup does; fails where the toolchain is not there. */
const RUSTUP = `#!/bin/sh
echo "rustup $*" >> "$CALLS"
case "$*" in "component list"*) [ -n "$INSTALLED" ] || exit 1; printf '%s\\n' $INSTALLED;; esac
`;

const COMPLETE = "cargo-x86_64 clippy-x86_64 rustfmt-x86_64 rust-std-x86_64 rust-std-wasm32-unknown-unknown";

/** A machine of its own: nothing of the real one's tools is in reach. */
function machine(t, { cargo = true, env = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "pixie-auth-machine-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const bin = join(folder, "cargo", "bin");
  mkdirSync(bin, { recursive: true });
  const calls = join(folder, "calls");
  writeFileSync(calls, "");
  if (cargo) {
    for (const [name, text] of [["cargo", CARGO], ["rustup", RUSTUP]]) {
      writeFileSync(join(bin, name), text);
      chmodSync(join(bin, name), 0o755);
    }
  }
  const cache = join(folder, "cache");
  const environment = {
    // A shell and the few words the stand-ins use; no cargo is in these folders on a usual machine, so ours is found.
    PATH: "/usr/bin:/bin",
    HOME: folder,
    CARGO_HOME: join(folder, "cargo"),
    XDG_CACHE_HOME: cache,
    CARGO_BUILD_TARGET: "wasm32-unknown-unknown",
    INSTALLED: COMPLETE,
    CALLS: calls,
    ...env,
  };
  const module = new URL("./toolchain.mjs", import.meta.url).href;
  return {
    cache: join(cache, "pixie-auth"),
    calls: () => readFileSync(calls, "utf8"),
    /** Runs an expression on the module in a process of its own. */
    evaluate: (expression) => new Promise((resolve) => {
      const code = `import * as toolchain from ${JSON.stringify(module)};
        try { console.log("RESULT " + JSON.stringify(await (${expression}))); }
        catch (error) { console.log("ERROR " + error.name + ": " + error.message); }`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", code], { env: environment });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
      child.on("close", () => resolve(output));
    }),
  };
}

test("ensureWasmPack_nothingInstalled_isPutIntoTheCacheUnderNameAndVersion", { skip }, async (t) => {
  const { cache, calls, evaluate } = machine(t);
  const output = await evaluate("toolchain.ensureWasmPack()");
  const folder = readdirSync(cache).find((name) => name.startsWith("wasm-pack-"));
  assert.match(folder, /^wasm-pack-\d+\.\d+\.\d+$/);
  assert.ok(output.includes(`RESULT ${JSON.stringify(join(cache, folder, "bin", "wasm-pack"))}`), output);
  assert.match(calls(), /cargo install wasm-pack --version =\d+\.\d+\.\d+ --root .* --locked/);
});

test("ensureWasmPack_compiles_withThePinnedToolchainForThisMachineAndOutsideTheClone", { skip }, async (t) => {
  const { cache, calls, evaluate } = machine(t);
  await evaluate("toolchain.ensureWasmPack()");
  const channel = readFileSync(new URL("../rust-toolchain.toml", import.meta.url), "utf8").match(/channel = "(.*)"/)[1];
  assert.match(calls(), new RegExp(`toolchain=${channel} build=$`, "m"));
  assert.ok(calls().includes(`target=${cache}`), calls());
});

test("ensureWasmPack_finished_leavesNothingElseInTheCache", { skip }, async (t) => {
  const { cache, evaluate } = machine(t);
  await evaluate("toolchain.ensureWasmPack()");
  assert.deepEqual(readdirSync(cache).filter((name) => !/^wasm-pack-[\d.]+$/.test(name)), []);
});

test("ensureWasmPack_installedAlready_asksCargoForNothing", { skip }, async (t) => {
  const { calls, evaluate } = machine(t);
  await evaluate("toolchain.ensureWasmPack()");
  const before = calls();
  assert.match(await evaluate("toolchain.ensureWasmPack()"), /^RESULT /);
  assert.equal(calls(), before);
});

test("ensureWasmPack_twoProcessesAtOnce_compileOnce", { skip }, async (t) => {
  const { calls, evaluate } = machine(t);
  const outputs = await Promise.all([evaluate("toolchain.ensureWasmPack()"), evaluate("toolchain.ensureWasmPack()")]);
  for (const output of outputs) assert.match(output, /RESULT .*wasm-pack"/);
  assert.equal(calls().match(/cargo install/g).length, 1);
});

test("ensureWasmBindgen_lockedDoesNotWork_triesWithout", { skip }, async (t) => {
  const { calls, evaluate } = machine(t, { env: { FAIL: "locked" } });
  assert.match(await evaluate("toolchain.ensureWasmBindgen()"), /trying without --locked[\s\S]*RESULT /);
  const installs = calls().split("\n").filter((line) => line.startsWith("cargo install"));
  assert.deepEqual(installs.map((line) => line.endsWith("--locked")), [true, false]);
});

test("ensureWasmBindgen_version_isTheOneOfCargoLock", { skip }, async (t) => {
  const { calls, evaluate } = machine(t);
  await evaluate("toolchain.ensureWasmBindgen()");
  const version = readFileSync(new URL("../Cargo.lock", import.meta.url), "utf8").match(/name = "wasm-bindgen"\r?\nversion = "(.*)"/)[1];
  assert.ok(calls().includes(`cargo install wasm-bindgen-cli --version =${version} `), calls());
});

test("ensureWasmBindgen_cargoFails_showsWhatItSaidAndInstallsNothing", { skip }, async (t) => {
  const { cache, evaluate } = machine(t, { env: { FAIL: "always" } });
  const output = await evaluate("toolchain.ensureWasmBindgen()");
  assert.match(output, /ERROR CommandError: [\s\S]*the lock file cannot be satisfied/);
  // What was compiled before it failed is kept, so that the next try goes on from there.
  assert.deepEqual(readdirSync(cache).filter((name) => !name.startsWith(".build-")), []);
});

test("ensureRust_nothingInstalled_installsThePinnedToolchainWithTargetAndComponents", { skip }, async (t) => {
  const { calls, evaluate } = machine(t, { env: { INSTALLED: "" } });
  assert.match(await evaluate("toolchain.ensureRust()"), /RESULT /);
  assert.match(calls(), /rustup toolchain install [\d.]+ --profile minimal .*--component clippy .*--target wasm32-unknown-unknown/);
});

test("ensureRust_targetMissing_addsItToThePinnedToolchainAlone", { skip }, async (t) => {
  const { calls, evaluate } = machine(t, { env: { INSTALLED: "clippy-x86_64 rustfmt-x86_64 rust-std-x86_64" } });
  await evaluate("toolchain.ensureRust()");
  assert.match(calls(), /rustup target add --toolchain [\d.]+ wasm32-unknown-unknown\n/);
  assert.doesNotMatch(calls(), /component add|toolchain install/);
});

test("ensureRust_allThere_onlyLooks", { skip }, async (t) => {
  const { calls, evaluate } = machine(t);
  await evaluate("toolchain.ensureRust()");
  assert.deepEqual(calls().trim().split("\n").map((line) => line.split(" ").slice(0, 3).join(" ")), ["rustup component list"]);
});

test("ensureRust_noRustup_saysWhereItComesFrom", { skip }, async (t) => {
  const { evaluate } = machine(t, { cargo: false });
  assert.match(await evaluate("toolchain.ensureRust()"), /ERROR SetupError: rustup was not found[\s\S]*https:\/\/rustup\.rs/);
});

test("toolEnvironment_toolsInTheCache_areInFrontOfThePath", { skip }, async (t) => {
  const { cache, evaluate } = machine(t);
  const output = await evaluate("toolchain.ensureWasmBindgen().then(() => toolchain.toolEnvironment().PATH.split(':')[0])");
  assert.match(output, new RegExp(`RESULT "${cache}/wasm-bindgen-[\\d.]+/bin"`));
});
