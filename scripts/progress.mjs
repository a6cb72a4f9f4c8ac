// @ts-check
// What the developer sees while a command works: one line a step, live on a terminal, and the output of a program
// that failed, never hidden.
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { logs, root, shown } from "./paths.mjs";

const TAIL_LINES = 40;
/** Where no line can be redrawn, a step that takes long says now and then that it is still at work. */
const HEARTBEAT_SECONDS = 60;
/** How long a program that is asked to end may take for it. */
const GRACE_SECONDS = 5;
/** How long what a program left behind may go on writing after the program itself has ended. */
const STRAGGLER_SECONDS = 3;

export const colourful = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
const paint = (/** @type {string} */ code) => (/** @type {string} */ text) =>
  colourful ? `\u001b[${code}m${text}\u001b[0m` : text;
export const bold = paint("1");
export const dim = paint("2");
export const red = paint("31");
export const green = paint("32");
export const yellow = paint("33");

/** 80 → "01:20", 3725 → "1:02:05". */
export function clock(/** @type {number} */ seconds) {
  const two = (/** @type {number} */ value) => String(Math.floor(value)).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** A program that ended badly, with the end of what it said and where the whole of it lies. */
export class CommandError extends Error {
  /** @param {string} label @param {string} reason @param {string[]} tail @param {string} log */
  constructor(label, reason, tail, log) {
    const said = tail.length > 0 ? `\n${tail.map((line) => `    ${line}`).join("\n")}` : "";
    super(`${label}: ${reason}.${said}\n  The whole output: ${shown(log)}`);
    this.name = "CommandError";
  }
}

/** The step under way, so that the program it runs can show its latest line beside it. @type {{ note(line: string): void } | null} */
let current = null;

/**
 * One line of a terminal: the time always shows, what stands before it gives way, and a note has what is left over.
 * @param {string} text @param {string} time @param {string} note @param {number} columns
 */
export function fitLine(text, time, note, columns) {
  const ending = ` … ${time}`;
  // A line that fills the terminal to the last column would wrap, and could not be drawn over.
  const room = columns - 1 - ending.length;
  const line = `${text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text}${ending}`;
  const left = columns - 1 - line.length - 2;
  return { line, note: left >= 12 ? note.slice(0, left) : "" };
}

/**
 * Shows `title` while `work` runs, and how it ended.
 * @template T
 * @param {string} title
 * @param {() => Promise<T> | T} work
 * @param {object} [about]
 * @param {number} [about.index] Which step of how many…
 * @param {number} [about.total]
 * @param {string} [about.hint] What it does and how long that takes, for whoever has to wait.
 * @param {boolean} [about.announce] Whether its beginning gets a line of its own where lines cannot be redrawn.
 * @returns {Promise<T>}
 */
export async function step(title, work, { index, total, hint, announce = true } = {}) {
  const name = `${index === undefined ? "" : `[${index}/${total}] `}${title}`;
  const waiting = hint ? `${name}: ${hint}` : name;
  const live = Boolean(process.stdout.isTTY) && !process.env.CI;
  const began = Date.now();
  const elapsed = () => clock((Date.now() - began) / 1000);
  let latest = "";
  const draw = () => {
    const { line, note } = fitLine(waiting, elapsed(), latest, process.stdout.columns || 80);
    process.stdout.write(`\r\u001b[2K${line}${note ? `  ${dim(note)}` : ""}`);
  };
  const outer = current;
  current = { note: (line) => void (latest = line) };
  if (live) draw();
  else if (announce) console.log(`${waiting} …`);
  const ticking = setInterval(
    live ? draw : () => console.log(`${name} … ${elapsed()}${latest ? `  (${latest})` : ""}`),
    live ? 250 : HEARTBEAT_SECONDS * 1000,
  );
  ticking.unref();
  const end = (/** @type {string} */ mark) => console.log(`${live ? "\r\u001b[2K" : ""}${mark} ${name}  ${dim(elapsed())}`);
  try {
    const result = await work();
    end(green("✓"));
    return result;
  } catch (error) {
    end(red("✗"));
    throw error;
  } finally {
    clearInterval(ticking);
    current = outer;
  }
}

/** What must not outlive us: Ctrl-C here ends them too. @type {Set<import("node:child_process").ChildProcess>} */
const children = new Set();
/** A group of its own lets a program be ended together with what it started (a driver and its browser). */
const grouped = process.platform !== "win32";

/** @param {import("node:child_process").ChildProcess} child @param {NodeJS.Signals} signal */
function end(child, signal) {
  if (child.pid === undefined) return;
  try {
    if (grouped) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch (error) {
    // It ended by itself in the meantime; macOS says EPERM of a group that has only just ended.
    if (!["ESRCH", "EPERM"].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? "")) throw error;
  }
}

let guarded = false;
/** Programs run in groups of their own, and so the terminal's Ctrl-C reaches them through us alone. */
function guardChildren() {
  if (guarded) return;
  guarded = true;
  for (const [signal, code] of /** @type {[NodeJS.Signals, number][]} */ ([["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]])) {
    process.on(signal, () => {
      // With nothing of ours under way, whoever else listens decides.
      if (children.size === 0) {
        if (process.listenerCount(signal) === 1) process.exit(code);
        return;
      }
      // Not before they are gone: npm in its last seconds would still write into what the next start reads.
      const left = [...children].map((child) => new Promise((resolve) => child.once("exit", resolve)));
      for (const child of children) end(child, "SIGTERM");
      setTimeout(() => children.forEach((child) => end(child, "SIGKILL")), GRACE_SECONDS * 1000);
      Promise.all(left).then(() => process.exit(code));
    });
  }
  process.on("exit", () => {
    for (const child of children) end(child, "SIGKILL");
  });
}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] The clone where not given.
 * @property {NodeJS.ProcessEnv} [env]
 * @property {boolean} [quiet] Keeps the output in the log; its latest line stands beside the running step.
 * @property {string} [label] What the program is called in messages; also the log's name.
 * @property {number} [timeLimit] Seconds after which it is ended and counts as failed.
 * @property {boolean} [tolerant] Gives the result of a program that failed instead of throwing.
 *
 * @typedef {object} RunResult
 * @property {number} code 0 where it went well.
 * @property {string} output Both streams' lines without colours. Each stream keeps its order; between the two there is none.
 * @property {string | null} reason Why it counts as failed.
 * @property {string} log
 */

/**
 * Runs a program to its end, with its output in target/logs.
 * @param {string} command
 * @param {readonly string[]} [args]
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export async function run(command, args = [], options = {}) {
  const { cwd = root, env = process.env, quiet = false, timeLimit, tolerant = false } = options;
  const label = options.label ?? [command, ...args].join(" ");
  guardChildren();
  mkdirSync(logs, { recursive: true });
  const log = join(logs, `${logName(label)}.log`);
  const file = createWriteStream(log);
  file.write(`$ ${[command, ...args].join(" ")}\n`);

  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: grouped });
  children.add(child);
  let output = "";
  // Whole lines alone are put together: the two streams come in pieces that end anywhere.
  const pending = { stdout: "", stderr: "" };
  const take = (/** @type {"stdout" | "stderr"} */ stream) => (/** @type {string} */ text) => {
    const lines = pending[stream] + text;
    const whole = lines.lastIndexOf("\n") + 1;
    output += lines.slice(0, whole);
    pending[stream] = lines.slice(whole);
    file.write(text);
    if (quiet) {
      const line = stripVTControlCharacters(text).split(/[\r\n]/).map((part) => part.trim()).filter(Boolean).at(-1);
      if (line) current?.note(line);
    } else {
      process[stream].write(text);
    }
  };
  child.stdout.setEncoding("utf8").on("data", take("stdout"));
  child.stderr.setEncoding("utf8").on("data", take("stderr"));

  let expired = false;
  const limit = timeLimit && setTimeout(() => {
    expired = true;
    end(child, "SIGTERM");
    setTimeout(() => end(child, "SIGKILL"), GRACE_SECONDS * 1000).unref();
  }, timeLimit * 1000);

  /** @type {{ code: number, reason: string | null }} */
  const { code, reason } = await new Promise((resolve) => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let stragglers;
    const settle = (/** @type {number | null} */ status, /** @type {NodeJS.Signals | null} */ signal) => {
      clearTimeout(stragglers);
      if (expired) resolve({ code: 124, reason: `did not end within ${clock(timeLimit ?? 0)}` });
      else if (signal) resolve({ code: 128, reason: `was ended by ${signal}` });
      else resolve({ code: status ?? 1, reason: status === 0 ? null : `ended with exit code ${status}` });
    };
    child.on("error", (error) => resolve({ code: 127, reason: `could not be started (${error.message})` }));
    child.on("close", settle);
    // Something it left running may hold the pipes open for ever: "close" is then never said.
    child.on("exit", (status, signal) => {
      stragglers = setTimeout(() => {
        end(child, "SIGKILL");
        settle(status, signal);
      }, STRAGGLER_SECONDS * 1000);
    });
  });
  if (limit) clearTimeout(limit);
  children.delete(child);
  await new Promise((resolve) => file.end(resolve));

  const plain = stripVTControlCharacters([output, pending.stdout, pending.stderr].filter(Boolean).join("\n"));
  if (reason !== null && !tolerant) {
    // Where it was streamed, the reader has just seen it.
    const tail = quiet ? plain.trimEnd().split("\n").slice(-TAIL_LINES) : [];
    throw new CommandError(label, reason, tail, log);
  }
  return { code, output: plain, reason, log };
}

/** "cargo clippy (native)" → "cargo-clippy-native". */
export function logName(/** @type {string} */ label) {
  return label.toLowerCase().replace(/[^a-z0-9.]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 80) || "command";
}

/** Something that only the developer can put right; the message says how. */
export class SetupError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "SetupError";
  }
}

/** The end of a command that failed: the message alone where it says what to do, else all that is known. */
export function fail(/** @type {unknown} */ error) {
  const expected = error instanceof SetupError || error instanceof CommandError;
  console.error(`\n${red("Error:")}`, expected ? error.message : error);
  process.exitCode = 1;
}
