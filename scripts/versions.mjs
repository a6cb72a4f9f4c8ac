// @ts-check
// Reads the versions that the project pins, each from the one file that states it. Text in, value out.

/**
 * @param {string} text rust-toolchain.toml
 * @returns {{ channel: string, profile: string, components: string[], targets: string[] }}
 */
export function pinnedToolchain(text) {
  const one = (/** @type {string} */ key) => text.match(new RegExp(`^${key}\\s*=\\s*"([^"]+)"`, "m"))?.[1];
  const many = (/** @type {string} */ key) =>
    [...(text.match(new RegExp(`^${key}\\s*=\\s*\\[([^\\]]*)\\]`, "m"))?.[1] ?? "").matchAll(/"([^"]+)"/g)].map((match) => match[1]);
  const channel = one("channel");
  if (!channel) throw new Error("rust-toolchain.toml names no channel");
  return { channel, profile: one("profile") ?? "minimal", components: many("components"), targets: many("targets") };
}

/**
 * The version of a package that Cargo.lock holds.
 * @param {string} text Cargo.lock
 * @param {string} name
 */
export function lockedVersion(text, name) {
  const versions = [...text.matchAll(/^\[\[package\]\]\r?\nname = "([^"]+)"\r?\nversion = "([^"]+)"/gm)]
    .filter((match) => match[1] === name)
    .map((match) => match[2]);
  if (versions.length === 0) throw new Error(`Cargo.lock does not hold the package ${name}`);
  if (versions.length > 1) throw new Error(`Cargo.lock holds ${name} ${versions.length} times: ${versions.join(", ")}`);
  return versions[0];
}

/** @param {string} text Cargo.toml */
export function manifestVersion(text) {
  const section = text.match(/^\[package\]\s*$([\s\S]*?)(?=^\[|(?![\s\S]))/m)?.[1] ?? "";
  const version = section.match(/^version\s*=\s*"([^"]+)"/m)?.[1];
  if (!version) throw new Error("Cargo.toml states no version in [package]");
  return version;
}

/**
 * The newest version that the changelog speaks of; "Unreleased" is not one.
 * @param {string} text CHANGELOG.md, the newest entry first
 */
export function changelogVersion(text) {
  const version = text.match(/^##\s+\[?v?(\d+\.\d+\.\d+[^\]\s]*)/m)?.[1];
  if (!version) throw new Error("CHANGELOG.md has no heading with a version, such as \"## 1.2.3\"");
  return version;
}

/** The version in what a program prints for --version: "wasm-pack 0.15.1" → "0.15.1". */
export function printedVersion(/** @type {string} */ text) {
  return text.match(/\b\d+(?:\.\d+)+(?:-[\w.]+)?/)?.[0] ?? null;
}

/** "156.0.8078.79" → 156. */
export function majorOf(/** @type {string} */ version) {
  return Number.parseInt(version, 10);
}
