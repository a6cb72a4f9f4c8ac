// @ts-check
// npm run start:electron: the demo of npm start, and its page in a window of Electron's, against the same authorization server.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { findElectron } from "./electron.mjs";
import { root } from "./paths.mjs";
import { isRoot } from "./programs.mjs";
import { bold, fail, SetupError, yellow } from "./progress.mjs";
import { setup } from "./setup.mjs";
import { announcement } from "./start/announcement.mjs";
import { DEFAULT_PORT, ISSUER_PORT } from "./start/options.mjs";

const project = join(root, "target", "electron-demo");

async function main() {
  await setup();
  const { path, missing } = await findElectron();
  if (path === null) throw new SetupError(`${missing}.\nThe demo runs in a browser, too: npm start`);
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    throw new SetupError("There is no display here to open a window on. Where nobody looks: xvfb-run -a npm run start:electron\nThe demo runs in a browser, too: npm start");
  }
  const { ensureBuilt } = await import("./build.mjs");
  await ensureBuilt();

  const { startDemo } = await import("../www-demo/server/index.mjs");
  const { makeElectronProject } = await import("./start/electron-project.mjs");
  const demo = await startDemo({ port: DEFAULT_PORT, issuerPort: ISSUER_PORT, electron: true });
  await makeElectronProject(project, demo.electron);
  console.log(bold(announcement(demo)));
  console.log("The same demo is in a window now. It opens your browser to sign in; closing it ends both.");
  if (isRoot) console.log(yellow("As root Chromium's sandbox does not start: the window is without it (--no-sandbox)."));

  const electron = spawn(path, [...(isRoot ? ["--no-sandbox"] : []), project], { stdio: "inherit" });
  const ended = new Promise((resolve, reject) => {
    electron.once("error", reject);
    electron.once("exit", resolve);
  });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => void electron.kill());
  const code = await ended;
  await demo.close();
  process.exit(code ?? 0);
}

await main().catch(fail);
