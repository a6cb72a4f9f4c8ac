// @ts-check
// Where the main process of an Electron app keeps the session (pkg-template/electron/safe-store.js).

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { fileStore, hasKeyring, memoryStore, moved, PLAIN } from "../../pkg-template/electron/safe-store.js";

/** A cipher that anybody sees through, with a key that can be another's. */
const cipher = (key = "k") => ({
  encrypt: (/** @type {string} */ text) => Buffer.from(`${key}:${[...text].reverse().join("")}`),
  decrypt(/** @type {Buffer} */ sealed) {
    const [by, text] = sealed.toString().split(/:(.*)/s);
    if (by !== key) throw new Error("another key");
    return [...text].reverse().join("");
  },
});

/** @param {import("node:test").TestContext} t */
function ownFile(t) {
  const folder = mkdtempSync(join(tmpdir(), "pixie-auth-store-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "app", "pixie-auth.json");
}

test("fileStore_whatIsSet_isThereForTheNextStartAndSealed", (t) => {
  const path = ownFile(t);
  const store = fileStore(path, cipher());
  assert.equal(store.get("a"), null);
  store.set("a", "refresh-token");
  store.set("b", "other");
  store.set("__proto__", "odd");
  const next = fileStore(path, cipher());
  assert.deepEqual(["a", "b", "__proto__", "constructor"].map((key) => next.get(key)), ["refresh-token", "other", "odd", null]);
  assert.ok(!readFileSync(path, "utf8").includes("refresh-token"));
  assert.ok(!Buffer.from(JSON.parse(readFileSync(path, "utf8")).a, "base64").includes("refresh-token"));
  next.remove("a");
  next.remove("never there");
  assert.deepEqual([store.get("a"), store.get("b")], [null, "other"]);
});

test("fileStore_ofTwoInstances_eachSeesWhatTheOtherWrote", (t) => {
  const path = ownFile(t);
  const [one, other] = [fileStore(path, cipher()), fileStore(path, cipher())];
  one.set("session", "1");
  other.set("session", "2");
  other.set("login", "x");
  one.set("tab", "y");
  assert.deepEqual([one.get("session"), one.get("login"), other.get("tab")], ["2", "x", "y"]);
});

test("fileStore_file_isThisUsersAloneAndLeavesNoOther", { skip: process.platform === "win32" ? "modes are not Windows' way" : false }, (t) => {
  const path = ownFile(t);
  fileStore(path, cipher()).set("a", "b");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(path, "..")).mode & 0o077, 0);
  assert.deepEqual(readdirSync(join(path, "..")), ["pixie-auth.json"]);
});

test("fileStore_withAnotherKey_hasNothingAndKeepsWhatItCannotRead", (t) => {
  const path = ownFile(t);
  fileStore(path, cipher("mine")).set("a", "b");
  assert.equal(fileStore(path, cipher("another's")).get("a"), null);
  assert.equal(fileStore(path, cipher("mine")).get("a"), "b");
});

test("fileStore_whoseFileIsNone_beginsAnew", (t) => {
  const path = ownFile(t);
  mkdirSync(join(path, ".."), { recursive: true });
  for (const text of ["", "{", "null", "[1]", '"x"', '{"a":1,"b":{}}']) {
    writeFileSync(path, text);
    const store = fileStore(path, cipher());
    assert.equal(store.get("a"), null, text);
    store.set("a", "b");
    assert.equal(store.get("a"), "b", text);
  }
});

test("fileStore_thatCannotBeRead_saysSoAndIsNotWrittenOver", (t) => {
  const path = ownFile(t);
  mkdirSync(path, { recursive: true });
  const store = fileStore(path, cipher());
  assert.throws(() => store.get("a"), { code: "EISDIR" });
  assert.throws(() => store.set("a", "b"), { code: "EISDIR" });
  assert.deepEqual(readdirSync(join(path, "..")), ["pixie-auth.json"]);
});

test("fileStore_whoseKeyringFails_throwsAndKeepsWhatIsThere", (t) => {
  const path = ownFile(t);
  fileStore(path, cipher()).set("a", "b");
  const locked = fileStore(path, { ...cipher(), encrypt: () => assert.fail("locked") });
  assert.throws(() => locked.set("a", "c"), /locked/);
  assert.equal(locked.get("a"), "b");
});

test("moved_whatWasKeptOpen_isWhereItIsKeptNowAndNotLeftBehind", (t) => {
  const path = ownFile(t);
  const open = fileStore(`${path}.open`, PLAIN);
  open.set("session", "refresh-token");
  open.set("login", "old");
  const sealed = fileStore(path, cipher());
  sealed.set("login", "new");
  const store = moved(`${path}.open`, sealed);
  assert.deepEqual([store.get("session"), store.get("login")], ["refresh-token", "new"]);
  assert.deepEqual(readdirSync(join(path, "..")), ["pixie-auth.json"]);
  assert.equal(moved(`${path}.open`, sealed), sealed);
});

test("memoryStore_keepsWhatIsSetUntilItIsRemoved", () => {
  const store = memoryStore();
  store.set("a", "b");
  assert.equal(store.get("a"), "b");
  store.remove("a");
  assert.equal(store.get("a"), null);
});

test("hasKeyring_whereThereIsNoneOrItIsNoSecret_isFalse", () => {
  const with_ = (/** @type {boolean} */ isAvailable, /** @type {string} */ backend) => ({ isEncryptionAvailable: () => isAvailable, ...(backend && { getSelectedStorageBackend: () => backend }) });
  for (const backend of ["basic_text", "unknown"]) assert.equal(hasKeyring(with_(true, backend), "linux"), false, backend);
  for (const backend of ["gnome_libsecret", "kwallet", "kwallet5", "kwallet6", ""]) assert.equal(hasKeyring(with_(true, backend), "linux"), true, backend);
  assert.equal(hasKeyring(with_(false, "gnome_libsecret"), "linux"), false);
  for (const platform of ["darwin", "win32"]) assert.equal(hasKeyring(with_(true, "basic_text"), platform), true, platform);
});
