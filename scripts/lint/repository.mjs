// @ts-check
// The checks that no ready-made tool does: what the committed files may not hold, and that the stated versions agree.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { root } from "../paths.mjs";
import { ask } from "../programs.mjs";
import { SetupError } from "../progress.mjs";
import { suiteTestFiles } from "../test/suites.mjs";
import { filesBelow } from "../test/files.mjs";
import { npmCommand } from "../toolchain.mjs";
import { changelogVersion, manifestVersion } from "../versions.mjs";
import { hostsIn, leaksIn, resolvedPackages } from "./leaks.mjs";

const read = (/** @type {string} */ name) => readFileSync(join(root, name), "utf8");

/** Every file that is in the repository, or would be with the next commit. */
function committedFiles() {
  const list = ask("git", ["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  if (list === null) throw new SetupError("git could not list the repository's files; this check needs a git clone");
  // A file deleted since is still listed.
  return list.split("\0").filter((name) => name && existsSync(join(root, name)));
}

/** Where this machine gets its packages from: such a name in a file came from here. */
function registriesOfThisMachine() {
  const cargoHome = process.env.CARGO_HOME || join(homedir(), ".cargo");
  const texts = [
    ask(...npmCommand(["config", "get", "registry"])) ?? "",
    ...["config.toml", "config"].map((name) => join(cargoHome, name)).filter(existsSync).map((path) => readFileSync(path, "utf8")),
    ...Object.entries(process.env).filter(([name]) => /(?:INDEX_URL|REGISTRY|_PROXY|PROXYSERVER)$/i.test(name)).map(([, value]) => value ?? ""),
  ];
  return hostsIn(texts.join("\n"));
}

export function noLeaks() {
  const hosts = registriesOfThisMachine();
  const found = committedFiles().flatMap((name) => {
    const content = readFileSync(join(root, name));
    if (content.includes(0)) return [];
    return leaksIn(content.toString("utf8"), hosts).map(({ line, text, what }) => `${name}:${line}: ${what}: ${text}`);
  });
  const resolved = resolvedPackages(read("package-lock.json"));
  if (resolved.length > 0) found.push(`package-lock.json: ${resolved.length} packages say where they were fetched from ("resolved")`);
  if (found.length > 0) throw new SetupError(`the repository holds what only one machine should know:\n    ${found.join("\n    ")}`);
}

export function versionsAgree() {
  if (!existsSync(join(root, "CHANGELOG.md"))) throw new SetupError("CHANGELOG.md is missing");
  const [manifest, changelog] = [manifestVersion(read("Cargo.toml")), changelogVersion(read("CHANGELOG.md"))];
  if (manifest !== changelog) {
    throw new SetupError(`Cargo.toml says ${manifest}, but the newest entry of CHANGELOG.md is ${changelog}`);
  }
}

/** A test file in a folder where no suite looks would never fail. */
export function everyTestIsRun() {
  const run = new Set(suiteTestFiles());
  const forgotten = filesBelow(root, ".test.mjs").filter((path) => !run.has(path));
  if (forgotten.length > 0) throw new SetupError(`no suite of npm test runs ${forgotten.map((path) => path.slice(root.length)).join(", ")}`);
}
