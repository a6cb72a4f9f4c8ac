// @ts-check
// Chromium and the ChromeDriver of the same version, for the tests that need a real page. Found where browsers lie;
// on Debian as root installed; elsewhere the developer is told what to install. Firefox is taken where it is there.
import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { ask, findProgram, findPrograms, isProgram, isRoot, windows } from "./programs.mjs";
import { run, SetupError, step } from "./progress.mjs";
import { majorOf, printedVersion } from "./versions.mjs";

/** A browser that shows nothing, asks nothing and calls nobody. Chromium's sandbox does not start as root. */
export const chromiumFlags = Object.freeze([
  "--headless=new",
  ...(isRoot ? ["--no-sandbox"] : []),
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
]);

/**
 * @typedef {{ path: string, version: string }} Program
 * @typedef {{ chromium: string, chromedriver: string, firefox: string | null }} Browsers
 */

/**
 * The first browser for which there is a driver of its major version.
 * @param {readonly Program[]} browsers
 * @param {readonly Program[]} drivers
 */
export function matchingPair(browsers, drivers) {
  for (const browser of browsers) {
    const driver = drivers.find(({ version }) => majorOf(version) === majorOf(browser.version));
    if (driver) return { browser, driver };
  }
  return null;
}

const environmentPaths = (/** @type {string[]} */ names) => names.map((name) => process.env[name] ?? "").filter((path) => path !== "");

function browserPaths() {
  const named = environmentPaths(["CHROME_PATH"]);
  // What a developer names is meant: nothing else is tried in its place.
  if (named.length > 0) return named;
  if (process.platform === "darwin") {
    const bundles = ["/Applications", join(homedir(), "Applications")].flatMap((folder) => [
      join(folder, "Google Chrome.app/Contents/MacOS/Google Chrome"),
      join(folder, "Chromium.app/Contents/MacOS/Chromium"),
    ]);
    return [...findPrograms("chromium"), ...bundles.filter(isProgram)];
  }
  if (windows) {
    return environmentPaths(["ProgramFiles", "ProgramFiles(x86)", "LocalAppData"])
      .flatMap((folder) => [join(folder, "Google/Chrome/Application/chrome.exe"), join(folder, "Chromium/Application/chrome.exe")])
      .filter(isProgram);
  }
  return ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].flatMap((name) => findPrograms(name, ["/snap/bin"]));
}

function driverPaths() {
  const named = environmentPaths(["CHROMEDRIVER"]);
  if (named.length > 0) return named;
  return findPrograms("chromedriver", [
    // Build machines of a well-known host name the folder so.
    ...environmentPaths(["CHROMEWEBDRIVER"]),
    "/usr/lib/chromium",
    "/usr/lib/chromium-browser",
    "/opt/homebrew/bin",
    "/usr/local/bin",
  ]);
}

/** @param {string} path @returns {Program | null} */
function versioned(path) {
  const version = windows && path.toLowerCase().endsWith("chrome.exe") ? windowsChromeVersion(path) : printedVersion(ask(path, ["--version"]) ?? "");
  return version ? { path, version } : null;
}

/** chrome.exe prints no version; the folder beside it is named by it. */
function windowsChromeVersion(/** @type {string} */ path) {
  return readdirSync(dirname(path)).find((name) => /^\d+(\.\d+){3}$/.test(name)) ?? null;
}

function survey() {
  const known = (/** @type {string[]} */ paths) => paths.map(versioned).filter((program) => program !== null);
  return { browsers: known(browserPaths()), drivers: known(driverPaths()) };
}

/** @type {Browsers | null} */
let found = null;

/** The browsers as they are there, or null where Chromium or its driver is missing. @returns {Browsers | null} */
export function findBrowser() {
  const { browsers, drivers } = survey();
  const pair = matchingPair(browsers, drivers);
  if (!pair) return null;
  found = { chromium: pair.browser.path, chromedriver: pair.driver.path, firefox: findFirefox() };
  return found;
}

export function findFirefox() {
  const bundle = process.platform === "darwin" ? "/Applications/Firefox.app/Contents/MacOS/firefox" : null;
  return environmentPaths(["FIREFOX_PATH"])[0] ?? findProgram("firefox-esr") ?? findProgram("firefox") ?? (bundle && isProgram(bundle) ? bundle : null);
}

/**
 * Words from /etc/os-release: the distribution and those that it is like.
 * @param {string} text
 */
export function distribution(text) {
  return [...text.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].flatMap((match) => match[1].split(" ")).filter(Boolean);
}

function isDebianLike() {
  if (process.platform !== "linux" || !findProgram("apt-get")) return false;
  try {
    return distribution(readFileSync("/etc/os-release", "utf8")).includes("debian");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return false;
    throw error;
  }
}

const APT_PACKAGES = ["chromium", "chromium-driver"];

/** Installs packages of Debian's, as root. @param {readonly string[]} packages @param {string} label @param {number} [timeLimit] seconds */
export async function aptInstall(packages, label, timeLimit) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update"], { env, quiet: true, label: "apt-get update" });
  await run("apt-get", ["install", "-y", "--no-install-recommends", ...packages], { env, quiet: true, label, timeLimit });
}

/** What is missing here, and the exact way to it. */
function instruction() {
  const { browsers, drivers } = survey();
  const list = (/** @type {Program[]} */ programs) => programs.map(({ path, version }) => `${path} (${version})`).join(", ") || "none";
  const state = `  browsers found: ${list(browsers)}\n  drivers found:  ${list(drivers)}`;
  const major = browsers.length > 0 ? majorOf(browsers[0].version) : null;
  const driver = major === null ? "the ChromeDriver of its version" : `ChromeDriver ${major}`;
  const way = isDebianLike()
    ? `sudo apt-get update && sudo apt-get install -y ${APT_PACKAGES.join(" ")}`
    : process.platform === "darwin"
      ? "brew install --cask google-chrome chromedriver"
      : process.platform === "linux" && findProgram("dnf")
        ? "sudo dnf install -y chromium chromedriver"
        : process.platform === "linux" && findProgram("pacman")
          ? "sudo pacman -S chromium"
          : null;
  const named = ["CHROME_PATH", "CHROMEDRIVER"].filter((name) => process.env[name]).map((name) => `  ${name} names ${process.env[name]}\n`);
  return new SetupError(
    "The tests need Chromium (or Chrome) and a ChromeDriver of the same major version; no such pair was found.\n" +
    `${state}\n${named.join("")}` +
    (way ? `  Install them:\n    ${way}\n` : `  Install Chrome or Chromium, and ${driver}.\n`) +
    `  Or set the environment variables CHROME_PATH (the browser) and CHROMEDRIVER (${driver}) to what you have.`,
  );
}

/** @returns {import("./toolchain.mjs").Step | null} */
export function browserStep() {
  if (found ?? findBrowser()) return null;
  const named = environmentPaths(["CHROME_PATH", "CHROMEDRIVER"]).length > 0;
  if (!isRoot || !isDebianLike() || named) throw instruction();
  return {
    title: "Chromium and ChromeDriver",
    hint: `installing Debian's ${APT_PACKAGES.join(" and ")}, takes 1 to 3 minutes`,
    work: async () => {
      await aptInstall(APT_PACKAGES, "apt-get install chromium");
      if (!findBrowser()) throw instruction();
    },
  };
}

/** @returns {Promise<Browsers>} */
export async function ensureBrowser() {
  const missing = browserStep();
  if (missing) await step(missing.title, missing.work, missing);
  const browsers = found ?? findBrowser();
  if (!browsers) throw instruction();
  return browsers;
}

/** What wasm-bindgen's test runner gives ChromeDriver as the session's capabilities. */
export function webdriverCapabilities(/** @type {string} */ chromium, flags = chromiumFlags) {
  return { "goog:chromeOptions": { args: [...flags], binary: chromium } };
}
