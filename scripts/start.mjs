// @ts-check
// npm start: installs what is missing, builds the package and serves the demo with its authorization server.
import { spawn } from "node:child_process";
import { bold, fail, SetupError, yellow } from "./progress.mjs";
import { setup } from "./setup.mjs";
import { announcement } from "./start/announcement.mjs";
import { ISSUER_PORT, portNotice, startOptions, USAGE } from "./start/options.mjs";

function options() {
  try {
    return startOptions(process.argv.slice(2));
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}

/** The system's own way to open a page. @param {string} url */
function openInBrowser(url) {
  const [command, ...args] =
    process.platform === "darwin" ? ["open", url] : process.platform === "win32" ? ["cmd", "/c", "start", "", url] : ["xdg-open", url];
  const opener = spawn(command, args, { stdio: "ignore", detached: true });
  opener.on("error", (error) => console.log(yellow(`No browser could be opened (${error.message}); open ${url} yourself.`)));
  opener.unref();
}

async function main() {
  const { port, open, help } = options();
  if (help) return console.log(USAGE);

  await setup();
  const { ensureBuilt } = await import("./build.mjs");
  await ensureBuilt();

  const { startDemo } = await import("../www-demo/server/index.mjs");
  const demo = await startDemo({ port, issuerPort: port === 0 ? 0 : ISSUER_PORT });
  const notice = portNotice(port, demo.url);
  if (notice) console.log(yellow(notice));
  console.log(bold(announcement(demo)));
  if (open) openInBrowser(demo.url);

  let closing = false;
  const close = async () => {
    // Whoever asks twice does not want to wait.
    if (closing) process.exit(1);
    closing = true;
    console.log("\nClosing the demo …");
    await demo.close();
    process.exit(0);
  };
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => {
      close().catch((error) => {
        fail(error);
        process.exit(1);
      });
    });
  }
}

await main().catch(fail);
