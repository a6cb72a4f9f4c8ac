// @ts-check
// The demo's page in a window, put together as npm run start:electron does it.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { makeElectronProject } from "../../scripts/start/electron-project.mjs";
import { startDemo } from "../../www-demo/server/index.mjs";
import { closeBrowser } from "../support/browser.mjs";
import { electronMissing, launch, systemBrowser } from "../support/electron-app.mjs";
import { signInThere } from "../support/outside-browser.mjs";

after(closeBrowser);

const skip = (await electronMissing()) ?? false;

test("demo_inAWindow_signsInInTheSystemsBrowserAndOut", { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "pixie-auth-electron-demo-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const demo = await startDemo({ electron: true, accessTokenTtl: 30 });
  t.after(() => demo.close());
  const project = join(folder, "app");
  await makeElectronProject(project, demo.electron);
  const app = await launch(t, project, { DEMO_USER_DATA: join(folder, "user") });
  const browser = await systemBrowser(app);
  const page = await app.firstWindow();
  /** @type {string[]} */
  const refused = [];
  page.on("console", (message) => void (message.type() === "error" && refused.push(message.text())));

  await page.getByTestId("sign-in").click();
  const there = await signInThere(t, await browser.opened());
  await there.getByText("You can go back now").waitFor();
  assert.match(await there.locator("body").innerText(), /go on in the pixie-auth demo/);
  await page.getByTestId("status").getByText("Signed in").waitFor();
  assert.equal(await page.getByTestId("subject").innerText(), "a7c1e9d4-pixie");
  await page.getByTestId("refresh-now").click();
  await page.getByTestId("events").getByText("refreshed").waitFor();
  await page.getByTestId("call-userinfo").click();
  await page.getByTestId("userinfo-result").getByText("answered").waitFor();
  await page.getByTestId("get-token").click();
  await page.getByTestId("token-result").getByText("Fingerprint").waitFor();
  assert.match(await page.getByTestId("pkce-verifier").innerText(), /^[\w-]{43}$/);
  assert.equal(await page.locator("#storage-card").isVisible(), false);
  if (process.env.SCREENSHOTS) {
    await page.screenshot({ path: join(process.env.SCREENSHOTS, "electron-signed-in.png"), fullPage: true });
    await there.screenshot({ path: join(process.env.SCREENSHOTS, "electron-landing-page.png") });
  }

  await page.getByTestId("sign-out").click();
  assert.match(await browser.opened(), /\/session\/end\?/);
  await page.getByTestId("status").getByText("Signed out").waitFor();
  assert.deepEqual(refused, []);
});

test("demo_signInThatIsRefused_isShownWithAWayOn", { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "pixie-auth-electron-demo-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const demo = await startDemo({ electron: true });
  t.after(() => demo.close());
  const project = join(folder, "app");
  await makeElectronProject(project, demo.electron);
  const app = await launch(t, project, { DEMO_USER_DATA: join(folder, "user") });
  await app.evaluate(({ shell }) => {
    shell.openExternal = async () => {
      throw new Error("no browser");
    };
  });
  const page = await app.firstWindow();
  await page.getByTestId("sign-in").click();
  await page.getByTestId("error-code").getByText("popup_blocked").waitFor();
});
