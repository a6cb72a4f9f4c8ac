// @ts-check
// A display for programs that show windows, where nobody looks: the one that is there, or an Xvfb of this process's own.

import { spawn } from "node:child_process";

import { findProgram } from "../../scripts/programs.mjs";

/** @type {Promise<{ display: string | null, missing: string | null }> | null} */
let started = null;

export function startDisplay() {
  started ??= start();
  return started;
}

async function start() {
  if (process.platform !== "linux") return { display: null, missing: null };
  const program = findProgram("Xvfb");
  if (!program) {
    const display = process.env.DISPLAY ?? null;
    return { display, missing: display ? null : "no display here, and no Xvfb (Debian: xvfb) to make one" };
  }
  // It chooses a number that is free, and says which.
  const child = spawn(program, ["-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  process.once("exit", () => child.kill());
  const number = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error("Xvfb ended")));
    /** @type {import("node:stream").Readable} */ (child.stdio[3]).once("data", (text) => resolve(`${text}`.trim()));
  });
  child.unref();
  /** @type {any} */ (child.stdio[3]).unref?.();
  return { display: `:${number}`, missing: null };
}
