import assert from "node:assert/strict";
import { test } from "node:test";
import { chromiumFlags, distribution, matchingPair, webdriverCapabilities } from "./browser.mjs";
import { isRoot } from "./programs.mjs";

const program = (path, version) => ({ path, version });

test("matchingPair_driverOfTheSameMajor_isTaken", () => {
  const pair = matchingPair([program("chrome", "156.0.1.2")], [program("old", "155.0.9.9"), program("new", "156.3.4.5")]);
  assert.equal(pair.driver.path, "new");
});

test("matchingPair_firstBrowserHasNoDriver_takesTheNext", () => {
  const pair = matchingPair([program("chrome", "157.0"), program("chromium", "156.0")], [program("driver", "156.1")]);
  assert.equal(pair.browser.path, "chromium");
});

test("matchingPair_majorsDiffer_isNull", () => {
  assert.equal(matchingPair([program("chrome", "156.0")], [program("driver", "15.6")]), null);
});

test("distribution_ubuntu_isLikeDebian", () => {
  assert.deepEqual(distribution('NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n'), ["ubuntu", "debian"]);
});

test("distribution_quotedList_isSplit", () => {
  assert.deepEqual(distribution('ID="rocky"\nID_LIKE="rhel centos fedora"\n'), ["rocky", "rhel", "centos", "fedora"]);
});

test("chromiumFlags_sandbox_isOffForRootAlone", () => {
  assert.equal(chromiumFlags.includes("--no-sandbox"), isRoot);
});

test("webdriverCapabilities_anyBrowser_carryItsPathAndTheFlags", () => {
  assert.deepEqual(webdriverCapabilities("/opt/chrome", ["--one"]), { "goog:chromeOptions": { args: ["--one"], binary: "/opt/chrome" } });
});
