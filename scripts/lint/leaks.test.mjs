import assert from "node:assert/strict";
import { test } from "node:test";
import { hostsIn, leaksIn, resolvedPackages } from "./leaks.mjs";

// Put together here, as the lint reads this file too.
const home = ["", "home", "somebody", "project"].join("/");
const rootHome = ["", "root", ".cache"].join("/");
const work = ["", "work", "main"].join("/");
const registry = ["registry", "npmjs", "org"].join(".");

test("leaksIn_machinePaths_areFoundWithTheirLine", () => {
  for (const path of [home, rootHome, work]) {
    assert.deepEqual(leaksIn(`first\nread ${path}/file`).map(({ line }) => line), [2], path);
    assert.equal(leaksIn(`const path = "${path}";`).length, 1, path);
    assert.equal(leaksIn(`file://${path}/x`).length, 1, path);
  }
});

test("leaksIn_partsOfUrlsAndRelativePaths_areNoLeaks", () => {
  const fine = ["https://example.test/home/index.html", "src/work/queue.rs", "../root/readme", "/usr/bin/chromium", "/tmp/x", "a/root/b", "/home", "/workers/x"];
  for (const text of fine) assert.deepEqual(leaksIn(text), [], text);
});

test("leaksIn_publicRegistry_isFound", () => {
  assert.equal(leaksIn(`https://${registry}/vite`).length, 1);
});

test("leaksIn_thisMachinesMirror_isFound", () => {
  assert.equal(leaksIn("https://mirror.corp.test/npm/vite", ["mirror.corp.test"]).length, 1);
  assert.equal(leaksIn("https://mirror.corp.test/npm/vite", []).length, 0);
});

test("resolvedPackages_urls_areNamedAndLinksAreNot", () => {
  const lock = { packages: { "": {}, "node_modules/a": { resolved: "https://mirror.test/a.tgz" }, "node_modules/b": { resolved: "pkg", link: true } } };
  assert.deepEqual(resolvedPackages(JSON.stringify(lock)), ["node_modules/a"]);
});

test("hostsIn_configuration_givesEachHostOnce", () => {
  const text = 'registry = "sparse+https://user:secret@mirror.test/index/"\nproxy = "http://mirror.test:8080"\nlocal = "http://localhost:1"\nindex = "https://github.com/x"\n';
  assert.deepEqual(hostsIn(text), ["mirror.test"]);
});
