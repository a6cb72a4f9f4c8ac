// @ts-check
// What the tarball holds and what its manifest promises.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";

import { packedPackage, repositoryRoot } from "../support/packed-package.mjs";

const { directory, files, manifest } = await packedPackage();

test("tarball_files_are_exactly_the_ones_meant", () => {
  assert.deepEqual(files, [
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "auth-error.js",
    "capacitor.d.ts",
    "capacitor.js",
    "electron/main.cjs",
    "electron/main.d.cts",
    "electron/preload.cjs",
    "electron/renderer.d.ts",
    "electron/renderer.js",
    "index.d.ts",
    "index.js",
    "package.json",
    "pixie_auth_bg.wasm",
    "pkce.d.ts",
    "pkce.js",
    "seldom.js",
    "slim.d.ts",
    "slim.js",
    "window-login.js",
  ]);
});

test("manifest_files_field_is_given_and_names_no_pattern", () => {
  assert.ok(Array.isArray(manifest.files));
  for (const name of manifest.files) assert.doesNotMatch(name, /[*!]/);
});

test("manifest_version_is_the_crates", async () => {
  const cargo = await readFile(join(repositoryRoot, "Cargo.toml"), "utf8");
  const version = /^\[package\][^[]*?^version\s*=\s*"([^"]+)"/ms.exec(cargo)?.[1];
  assert.ok(version, "Cargo.toml names a version");
  assert.equal(manifest.version, version);
});

test("manifest_dependencies_are_none_of_any_kind", () => {
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies", "bundleDependencies", "bundledDependencies"]) {
    assert.deepEqual(Object.keys(manifest[kind] ?? {}), [], kind);
  }
});

test("manifest_runs_no_script_on_install", () => {
  for (const name of ["preinstall", "install", "postinstall", "prepare"]) assert.equal(manifest.scripts?.[name], undefined);
});

test("manifest_identity_is_complete", () => {
  assert.equal(manifest.name, "pixie-auth");
  assert.equal(manifest.type, "module");
  assert.equal(manifest.license, "MIT OR Apache-2.0");
  assert.equal(manifest.private, undefined);
  assert.equal(typeof manifest.description, "string");
});

test("manifest_side_effects_leave_unused_entries_out", () => {
  // The preload script is there for what it does.
  assert.deepEqual(manifest.sideEffects, ["./electron/preload.cjs"]);
});

test("exports_types_come_first_and_every_path_exists", () => {
  assert.ok(manifest.exports["."], "the full entry");
  assert.ok(manifest.exports["./pkce"], "the PKCE entry");
  const held = new Set(files);
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    const targets = typeof target === "string" ? [target] : Object.values(target);
    for (const path of targets) {
      assert.match(path, /^\.\//, `${subpath} → ${path}`);
      assert.ok(held.has(path.slice(2)), `${subpath} → ${path} is in the tarball`);
    }
    if (typeof target === "object" && targets.some((path) => path.endsWith(".js"))) {
      assert.equal(Object.keys(target)[0], "types", `${subpath}: types come first`);
      assert.match(target.types, /\.d\.ts$/);
    }
  }
});

test("exports_give_the_manifest_and_the_module_to_tools", () => {
  const targets = Object.values(manifest.exports).flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));
  assert.ok(targets.includes("./pixie_auth_bg.wasm"), "a user who serves the module himself can name it");
});

test("files_hold_no_path_of_the_machine_that_built_them", async () => {
  const home = homedir();
  const traces = [repositoryRoot.replace(/\/$/, ""), "/registry/src/", "/usr/lib/", "/tmp/", "file:///"];
  if (home.length > 1) traces.push(`${home}/`);
  for (const file of files) {
    const content = (await readFile(join(directory, file))).toString("latin1");
    for (const trace of traces) assert.ok(!content.includes(trace), `${file} holds ${trace}`);
  }
});

test("files_of_javascript_name_only_files_of_the_package", async () => {
  const held = new Set(files);
  for (const file of files.filter((name) => name.endsWith(".js") || name.endsWith(".d.ts"))) {
    const content = await readFile(join(directory, file), "utf8");
    assert.doesNotMatch(content, /\brequire\s*\(/, `${file} is pure ESM`);
    for (const [, specifier] of content.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g)) {
      if (!specifier.startsWith(".") && /^[a-z@]/.test(specifier) && !specifier.startsWith("pixie-auth")) {
        assert.fail(`${file} imports ${specifier}, which is not of this package`);
      }
      if (!specifier.startsWith(".")) continue;
      const target = resolve("/", specifier).slice(1);
      const candidates = [target, target.replace(/\.js$/, ".d.ts"), `${target}.d.ts`];
      assert.ok(candidates.some((path) => held.has(path)), `${file} imports ${specifier}`);
    }
    for (const [, map] of content.matchAll(/sourceMappingURL=(\S+)/g)) assert.ok(held.has(map), `${file} names the map ${map}`);
  }
});

test("licences_and_readme_are_not_empty", async () => {
  assert.match(await readFile(join(directory, "LICENSE-MIT"), "utf8"), /Permission is hereby granted/);
  assert.match(await readFile(join(directory, "LICENSE-APACHE"), "utf8"), /Apache License/);
  assert.match(await readFile(join(directory, "README.md"), "utf8"), /pixie-auth/);
});
