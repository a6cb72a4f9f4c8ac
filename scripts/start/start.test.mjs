import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { announcement, box } from "./announcement.mjs";
import { pageForWindow } from "./electron-project.mjs";
import { DEFAULT_PORT, portNotice, startOptions } from "./options.mjs";

test("startOptions_none_areTheDefaults", () => {
  assert.deepEqual(startOptions([]), { port: DEFAULT_PORT, open: false, help: false });
});

test("startOptions_portAndOpen_areRead", () => {
  assert.deepEqual(startOptions(["--port", "8080", "--open"]), { port: 8080, open: true, help: false });
});

test("startOptions_portThatIsNone_isRefused", () => {
  for (const port of ["x", "-1", "65536", "1.5", ""]) assert.throws(() => startOptions([`--port=${port}`]), RangeError, port);
});

test("startOptions_unknownFlag_isRefused", () => {
  assert.throws(() => startOptions(["--prot", "1"]), /--prot/);
});

test("portNotice_wantedPortGiven_saysNothing", () => {
  assert.equal(portNotice(5180, "http://localhost:5180"), null);
  assert.equal(portNotice(0, "http://localhost:41234"), null);
});

test("portNotice_anotherPort_saysBoth", () => {
  assert.match(portNotice(5180, "http://localhost:5181"), /5180.*5181/);
});

test("box_linesOfAnyLength_giveOneWidth", () => {
  assert.equal(new Set(box(["a", "longer", ""]).split("\n").map((line) => line.length)).size, 1);
});

test("announcement_demo_namesUrlAndAccount", () => {
  const text = announcement({ url: "http://localhost:5180", issuer: "http://127.0.0.1:5190", account: { username: "ada", password: "secret" } });
  for (const part of ["http://localhost:5180", "http://127.0.0.1:5190", "ada", "secret"]) assert.ok(text.includes(part), part);
});

test("pageForWindow_page_importsTheRenderersClassByTheSameName", () => {
  const page = pageForWindow(readFileSync(new URL("../../www-demo/spa/index.html", import.meta.url), "utf8"));
  assert.match(page, /"pixie-auth": "\/node_modules\/pixie-auth\/electron\/renderer\.js"/);
  assert.throws(() => pageForWindow("<html>"), /no import/);
});

test("startElectron_whereThereIsNoElectron_saysWhatToDo", () => {
  const script = fileURLToPath(new URL("../start-electron.mjs", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script], { env: { ...process.env, ELECTRON_PATH: fileURLToPath(new URL("none", import.meta.url)) }, encoding: "utf8" });
  assert.equal(status, 1);
  assert.match(stderr, /ELECTRON_PATH names .*none, which is no program/);
  assert.match(stderr, /npm start/);
});
