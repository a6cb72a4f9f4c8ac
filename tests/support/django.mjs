// @ts-check
// Django with Django OAuth Toolkit, an authorization server that knows nothing of ours: its packages in a virtual
// environment of the project's own, and a server that is started for a test and ends with it.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { cached } from "../../scripts/cache.mjs";
import { ask, findPrograms, windows } from "../../scripts/programs.mjs";
import { CommandError, run } from "../../scripts/progress.mjs";

const project = fileURLToPath(new URL("django/", import.meta.url));
const requirements = join(project, "requirements.txt");

const OLDEST_PYTHON = [3, 10];
const STARTED_WITHIN = 60_000;
const ENDED_WITHIN = 5_000;

/** @typedef {{ path: string, version: string }} Python */
/** @typedef {{ python: string, missing: null } | { python: null, missing: string }} Environment */

/** @type {Promise<Environment> | null} */
let environment = null;

/** The Python that has the packages; where there is none and none can be made, what is missing. */
export function djangoEnvironment() {
  environment ??= findOrMake();
  return environment;
}

/** @returns {Promise<Environment>} */
async function findOrMake() {
  const system = findPython();
  if (typeof system === "string") return { python: null, missing: system };
  const key = createHash("sha256").update(readFileSync(requirements)).update(system.path).update(system.version);
  try {
    const folder = await cached(`django-${key.digest("hex").slice(0, 16)}`, (empty) => make(system, empty), () => console.log("Django's virtual environment: another process is making it, waiting for it …"));
    return { python: pythonIn(folder), missing: null };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(error.message);
    return { python: null, missing: `no Django here: ${error.message.split("\n")[0]} It takes a package index that pip can reach.` };
  }
}

const pythonIn = (/** @type {string} */ folder) => (windows ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python"));

/** @param {Python} system @param {string} folder */
async function make(system, folder) {
  console.log("Django's virtual environment: installing what tests/support/django/requirements.txt names, takes under a minute …");
  await run(system.path, ["-m", "venv", folder], { quiet: true, label: "python -m venv", timeLimit: 120 });
  const install = ["-m", "pip", "install", "--disable-pip-version-check", "--require-hashes", "--requirement", requirements];
  await run(pythonIn(folder), install, { quiet: true, label: "pip install Django", timeLimit: 300 });
}

/** A Python that is new enough and can make virtual environments, or what to do to have one. @returns {Python | string} */
export function findPython(env = process.env) {
  const question = "import sys; print(*sys.version_info[:3], sep='.'); import venv, ensurepip";
  for (const path of ["python3", "python"].flatMap((name) => findPrograms(name, [], env))) {
    const version = ask(path, ["-c", question], env)?.trim();
    if (version && isNewEnough(version)) return { path, version };
  }
  const wanted = OLDEST_PYTHON.join(".");
  return `no Python ≥ ${wanted} with its venv module here: install it (Debian: apt-get install python3 python3-venv)`;
}

/** @param {string} version */
function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]);
}

/** What a person types at the sign-in page. */
const ALICE = { username: "alice", password: "down-the-rabbit-hole" };

/**
 * @typedef {object} DjangoOptions
 * @property {string} pagesOrigin  where the client's pages are
 * @property {number} [lifetime]  seconds of an access token
 * @property {number} [gracePeriod]  seconds for which a refresh token that was exchanged gives its successor once more
 * @property {boolean} [announceIss]  whether redirects carry `iss` (RFC 9207), and the metadata say so
 */

export class DjangoServer {
  issuer;
  static account = ALICE;
  #process;
  #folder;

  /**
   * @param {import("node:child_process").ChildProcess} child
   * @param {string} folder
   * @param {number} port
   */
  constructor(child, folder, port) {
    this.#process = child;
    this.#folder = folder;
    this.issuer = `http://127.0.0.1:${port}/o`;
  }

  /** @param {DjangoOptions} options */
  static async start({ pagesOrigin, lifetime = 60, gracePeriod = 0, announceIss = true }) {
    const { python, missing } = await djangoEnvironment();
    if (python === null) throw new Error(missing);
    const folder = await mkdtemp(join(tmpdir(), "pixie-auth-django-"));
    const child = spawn(python, ["serve.py"], {
      cwd: project,
      // The pipe into it is how it learns that we have ended, however we did.
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        ...process.env,
        PYTHONDONTWRITEBYTECODE: "1",
        DATA_FOLDER: folder,
        PAGES_ORIGIN: pagesOrigin,
        ACCESS_TOKEN_SECONDS: String(lifetime),
        GRACE_PERIOD_SECONDS: String(gracePeriod),
        ANNOUNCE_ISS: announceIss ? "yes" : "no",
        PERSON_NAME: ALICE.username,
        PERSON_PASSWORD: ALICE.password,
      },
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
    const ended = once(child, "exit").then(([code, signal]) => {
      throw new Error(`Django ended with ${code ?? signal} before it served:\n${said}`);
    });
    const late = delay(STARTED_WITHIN, undefined, { ref: false }).then(() => {
      throw new Error(`Django does not serve after ${STARTED_WITHIN} ms:\n${said}`);
    });
    ended.catch(() => {});
    late.catch(() => {});
    try {
      const line = await Promise.race([once(createInterface(child.stdout), "line"), ended, late]);
      const server = new DjangoServer(child, folder, JSON.parse(line[0]).port);
      const response = await fetch(`${server.issuer}/.well-known/openid-configuration`);
      if (!response.ok) throw new Error(`Django answers with ${response.status}:\n${said}`);
      return server;
    } catch (error) {
      await end(child, folder);
      throw error;
    }
  }

  close() {
    return end(this.#process, this.#folder);
  }
}

/** @param {import("node:child_process").ChildProcess} child @param {string} folder */
async function end(child, folder) {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, "exit");
    child.stdin?.end();
    const patience = setTimeout(() => child.kill("SIGKILL"), ENDED_WITHIN);
    await exit;
    clearTimeout(patience);
  }
  await rm(folder, { recursive: true, force: true });
}
