// @ts-check
// A keyring of a test's own, unlocked: GNOME's on a session bus that only the test knows. Electron's safeStorage finds it there.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { ask, findProgram } from "../../scripts/programs.mjs";

const PROGRAMS = ["dbus-daemon", "gnome-keyring-daemon", "dbus-send"];

/** Why there can be none here, or null. */
export function keyringMissing() {
  if (process.platform !== "linux") return "the system's keyring is not the test's to unlock";
  const absent = PROGRAMS.filter((name) => !findProgram(name));
  return absent.length > 0 ? `no ${absent.join(" and no ")} here (Debian: dbus, gnome-keyring)` : null;
}

const QUESTION = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"];

/** Whether it is on the bus by its name. @param {Record<string, string>} env */
const serves = (env) => ask(findProgram("dbus-send") ?? "", QUESTION, { ...process.env, ...env })?.includes("true");

/**
 * @param {import("node:test").TestContext} t
 * @returns {Promise<Record<string, string>>} the environment of a program that is to find it
 */
export async function startKeyring(t) {
  const folder = await mkdtemp(join(tmpdir(), "pixie-auth-keyring-"));
  const [bus, keyring] = PROGRAMS.map((name) => findProgram(name) ?? "");
  const home = { HOME: folder, XDG_DATA_HOME: join(folder, "data"), XDG_RUNTIME_DIR: folder };
  const daemon = spawn(bus, ["--session", "--nofork", "--print-address=1", `--address=unix:path=${join(folder, "bus")}`], { env: { ...process.env, ...home }, stdio: ["ignore", "pipe", "ignore"] });
  const [address] = await once(daemon.stdout, "data");
  const env = { ...home, DBUS_SESSION_BUS_ADDRESS: `${address}`.trim(), XDG_CURRENT_DESKTOP: "GNOME" };
  const keeper = spawn(keyring, ["--foreground", "--unlock", "--components=secrets"], { env: { ...process.env, ...env }, stdio: ["pipe", "ignore", "ignore"] });
  t.after(async () => {
    for (const process_ of [keeper, daemon]) {
      process_.kill();
      if (process_.exitCode === null && process_.signalCode === null) await once(process_, "exit");
    }
    await rm(folder, { recursive: true, force: true });
  });
  keeper.stdin.end("a password of nobody's");
  for (let tries = 0; !serves(env); tries += 1) {
    if (tries === 100) throw new Error("the keyring does not serve");
    await delay(50);
  }
  return env;
}
