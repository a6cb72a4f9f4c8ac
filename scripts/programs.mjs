// @ts-check
// Finds programs on this machine and asks them short questions.
import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

export const windows = process.platform === "win32";
/** The file name of a native program here. */
export const executable = (/** @type {string} */ name) => (windows ? `${name}.exe` : name);

/** The per-user folder that every clone shares; compiled tools are kept in it. */
export function cacheFolder(env = process.env) {
  const base = env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(homedir(), ".cache");
  return join(base, "pixie-auth");
}

export function isProgram(/** @type {string} */ path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Absent, a broken link or not ours to run: all the same answer to the question that was asked.
    return false;
  }
}

/** Every program of that name, in PATH's order, then in `folders`. */
export function findPrograms(/** @type {string} */ name, /** @type {readonly string[]} */ folders = [], env = process.env) {
  const path = Object.entries(env).find(([key]) => key.toUpperCase() === "PATH")?.[1] ?? "";
  const found = [...path.split(delimiter).filter(Boolean), ...folders].map((folder) => join(folder, executable(name)));
  return [...new Set(found)].filter(isProgram);
}

/** @param {string} name @param {readonly string[]} [folders] @returns {string | null} */
export function findProgram(name, folders, env = process.env) {
  return findPrograms(name, folders, env)[0] ?? null;
}

/** What a program prints, or null where it fails or is not there. */
export function ask(/** @type {string} */ program, /** @type {readonly string[]} */ args, env = process.env) {
  const { status, stdout } = spawnSync(program, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return status === 0 ? stdout : null;
}

/** `env` with `folders` in front of its PATH. */
export function withPath(/** @type {readonly string[]} */ folders, env = process.env) {
  const key = Object.keys(env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  return { ...env, [key]: [...new Set([...folders, ...(env[key] ?? "").split(delimiter)])].filter(Boolean).join(delimiter) };
}

export const isRoot = process.getuid?.() === 0;
