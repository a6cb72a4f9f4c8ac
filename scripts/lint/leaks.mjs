// @ts-check
// What one machine knows and a repository must not: the servers that packages were fetched from, and folders that
// exist here alone. The patterns are written so that this file does not match itself.

/** @typedef {{ line: number, text: string, what: string }} Leak */

const KNOWN_REGISTRIES = [
  /registry\.npmjs\.org/,
  /registry\.yarnpkg\.com/,
  /(?:index|static)\.crates\.io/,
  /(?:\/\/|\b)pypi\.org/,
  /files\.pythonhosted\.org/,
  /(?:deb|security)\.debian\.org/,
];

// Only at a path's beginning: a URL's own "/home/" further on is nobody's folder.
const MACHINE_PATH = /(?:^|[\s"'`(=:,<[]|file:\/\/)(?<path>\/(?:root|work|home\/[\w.-]+|Users\/[\w.-]+|tmp\/bash_jobs[\w.]*)(?:\/|(?=["'`\s]|$)))/;

/**
 * @param {string} text
 * @param {readonly string[]} [hosts] The registries and mirrors that this machine is set up to use.
 * @returns {Leak[]}
 */
export function leaksIn(text, hosts = []) {
  /** @type {Leak[]} */
  const leaks = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const add = (/** @type {string} */ what) => leaks.push({ line: index + 1, text: line.trim().slice(0, 120), what });
    if (KNOWN_REGISTRIES.some((pattern) => pattern.test(line)) || hosts.some((host) => line.includes(host))) add("a package registry's host");
    const path = line.match(MACHINE_PATH)?.groups?.path;
    if (path) add(`a folder of one machine (${path})`);
  }
  return leaks;
}

/**
 * The packages whose entry says where they were fetched from.
 * @param {string} text package-lock.json
 */
export function resolvedPackages(text) {
  /** @type {{ packages?: Record<string, { resolved?: string }> }} */
  const { packages = {} } = JSON.parse(text);
  return Object.entries(packages)
    .filter(([, { resolved }]) => resolved !== undefined && /^[a-z+]+:\/\//.test(resolved))
    .map(([name]) => name);
}

/** Hosts named in the URLs of a configuration; loopback and the forge that Cargo.lock names by rule are nobody's secret. */
export function hostsIn(/** @type {string} */ text) {
  const hosts = [...text.matchAll(/https?:\/\/(?:[^\s"'/@]*@)?([\w.-]+)/g)].map((match) => match[1]);
  return [...new Set(hosts)].filter((host) => !["localhost", "127.0.0.1", "github.com"].includes(host));
}
