// @ts-check
// docs/electron.md, followed to the letter in an empty folder.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";

import { closeBrowser } from "../support/browser.mjs";
import { authorizationServer, electronMissing, launch, systemBrowser } from "../support/electron-app.mjs";
import { guide } from "../support/guide.mjs";
import { signInThere } from "../support/outside-browser.mjs";
import { packedPackage } from "../support/packed-package.mjs";

after(closeBrowser);

// Before any test is there: what runs out of tests while it waits is taken to have ended.
const skip = (await electronMissing()) ?? false;

const { commands, files } = await guide("electron.md");

test("guide_appCode_isUnderFortyLines", () => {
  assert.deepEqual(Object.keys(files), ["index.js", "index.html", "page.js"]);
  const lines = Object.values(files).flatMap((text) => text.split("\n")).filter((line) => line.trim() !== "");
  assert.ok(lines.length < 40, `${lines.length} lines`);
});

test("guide_followedInAnEmptyFolder_signsIn", { skip }, async (t) => {
  const empty = await mkdtemp(join(tmpdir(), "pixie-auth-guide-"));
  t.after(() => rm(empty, { recursive: true, force: true }));
  const server = await authorizationServer(t);
  const { workspace } = await packedPackage();
  const tarball = (await readdir(workspace)).find((name) => name.endsWith(".tgz"));

  assert.deepEqual(commands, ["mkdir notes", "cd notes", "npm init -y", "npm i pixie-auth", "npm i -D electron", "npx electron ."]);
  const notes = join(empty, "notes");
  await promisify(execFile)("mkdir", ["notes"], { cwd: empty });
  await promisify(execFile)("npm", ["init", "-y"], { cwd: notes });
  // As it was packed, and not the one that is published.
  await promisify(execFile)("npm", ["i", "--offline", "--no-audit", "--no-fund", join(workspace, `${tarball}`)], { cwd: notes });
  t.diagnostic("npm i -D electron: the Electron is the one that the other tests run");
  for (const [name, text] of Object.entries(files)) await writeFile(join(notes, name), text.replace("https://login.example.com", server.issuer));

  const app = await launch(t, notes, { XDG_CONFIG_HOME: join(empty, "config") });
  const browser = await systemBrowser(app);
  const page = await app.firstWindow();
  await page.locator("#user").getByText("Signed out").waitFor();
  await page.locator("#sign-in").click();
  await signInThere(t, await browser.opened());
  await page.locator("#user").getByText("Signed in as Pixie Hollowell").waitFor();
  await page.locator("#sign-out").click();
  await page.locator("#user").getByText("Signed out").waitFor();
  assert.match(await browser.opened(), /\/session\/end\?/);

  // The page's protocol serves the app's folder, and not the disk.
  await writeFile(join(empty, "secret.txt"), "secret");
  for (const url of ["app://notes/..%2fsecret.txt", "app://notes/..%5csecret.txt", "app://notes/node_modules/..%2f..%2fsecret.txt", "app://another/secret.txt", "app://notes/", "app://notes/%"]) {
    await page.goto(url);
    assert.equal(await page.locator("#user").count(), 1, url);
  }
});
