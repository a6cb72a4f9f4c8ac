// @ts-check
// The package after a user's bundler, with no plugin, loader or setting for it: the output is served alone, and the
// page must still make a login URL and a PKCE pair, and load what is loaded on first need.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { after, test } from "node:test";

import { build as esbuild } from "esbuild";
import * as vite from "vite";

import { closeBrowser, freshContext } from "../support/browser.mjs";
import { MisbehavingServer } from "../support/misbehaving-server.mjs";
import { PageServer } from "../support/page-server.mjs";
import { projectWithPackage } from "../support/packed-package.mjs";

after(closeBrowser);

const MAIN = `
  import { AuthClient, AuthError } from "pixie-auth";
  import { generatePkce } from "pixie-auth/pkce";

  const pair = generatePkce();

  async function start() {
    const config = { issuer: new URLSearchParams(location.search).get("issuer"), redirectUri: location.origin + "/callback" };
    const client = await AuthClient.create({ ...config, clientId: "spa" });
    const { url } = await client.createLoginUrl();
    const refusal = await AuthClient.create(config).catch((error) => error);
    globalThis.open = () => null;
    const blocked = await client.loginPopup().catch((error) => error);
    const mismatch = await client.handleLogoutCallback(location.origin + "/?state=planted").catch((error) => error);
    const codeOf = (error) => (error instanceof AuthError ? error.code : String(error));
    return { pair, url, refusedWith: codeOf(refusal), blockedWith: codeOf(blocked), mismatchedWith: codeOf(mismatch) };
  }

  start().then(
    (result) => { globalThis.result = result; },
    (error) => { globalThis.result = { failure: String(error) + (error.stack ?? "") }; },
  );
`;
/** The parts a page loads when it needs them. */
const LAZY_MAIN = `
  const [{ AuthClient }, { generatePkce }] = await Promise.all([import("pixie-auth"), import("pixie-auth/pkce")]);
  globalThis.lazy = { AuthClient, generatePkce };
  await import("./main.js");
`;

/**
 * That the second module came in a script of its own, and after the first. What it is called is the bundler's choice.
 * @param {string[]} requested
 */
function assertLoadedOnNeed(requested) {
  const scripts = requested.filter((path) => path.endsWith(".js"));
  assert.match(scripts.at(-1) ?? "", /\/seldom[^/]*\.js$/, `the last script is the second module: ${scripts.join(" ")}`);
  assert.ok(scripts.length > 1);
}

/** @param {string} source */
function page(source) {
  return `<!doctype html><html lang="en"><head><title>page</title><link rel="icon" href="data:,"></head><body>${source}</body></html>`;
}

/**
 * @param {import("node:test").TestContext} t
 * @param {string} origin
 */
async function assertWorksAt(t, origin) {
  const server = await MisbehavingServer.start();
  t.after(() => server.close());
  const tab = await (await freshContext(t)).newPage();
  const problems = /** @type {string[]} */ ([]);
  const requested = /** @type {string[]} */ ([]);
  tab.on("pageerror", (error) => problems.push(error.message));
  tab.on("response", (response) => {
    requested.push(new URL(response.url()).pathname);
    if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
  });
  await tab.goto(`${origin}/?issuer=${encodeURIComponent(server.issuer)}`);
  await tab.waitForFunction(() => "result" in globalThis).catch((error) => {
    throw new Error(`the page came to no result: ${problems.join("; ")}`, { cause: error });
  });
  const result = await tab.evaluate(() => /** @type {any} */ (globalThis).result);
  assert.equal(result.failure, undefined);
  assert.equal(result.pair.codeChallenge, createHash("sha256").update(result.pair.codeVerifier).digest("base64url"));
  const url = new URL(result.url);
  assert.equal(url.origin + url.pathname, server.url("/authorize"));
  assert.match(url.searchParams.get("code_challenge") ?? "", /^[A-Za-z0-9_-]{43}$/);
  assert.equal(result.refusedWith, "invalid_config", "AuthError is one class throughout the bundle");
  assert.equal(result.blockedWith, "popup_blocked", "the file of windows came, too");
  assert.equal(result.mismatchedWith, "logout_state_mismatch", "the second module came, and AuthError is one class there, too");
  assert.deepEqual(problems, []);
  return requested;
}

/**
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string>} files
 */
async function project(t, files) {
  const made = await projectWithPackage(files);
  t.after(() => made.remove());
  return made.path;
}

const esbuildCases = /** @type {[string, import("esbuild").BuildOptions, string][]} */ ([
  ["esm", { format: "esm" }, page('<script type="module" src="/main.js"></script>')],
  ["esm_minified", { format: "esm", minify: true }, page('<script type="module" src="/main.js"></script>')],
  ["iife", { format: "iife" }, page('<script src="/main.js"></script>')],
]);
for (const [name, options, html] of esbuildCases) {
  test(`esbuild_${name}_bundle_served_alone_works`, async (t) => {
    const root = await project(t, { "main.js": MAIN, "out/index.html": html });
    const { warnings } = await esbuild({
      ...options,
      absWorkingDir: root,
      entryPoints: ["main.js"],
      bundle: true,
      outdir: "out",
      logLevel: "silent",
    });
    // In an iife import.meta has no meaning; esbuild says so, and the package must do without it there.
    assert.deepEqual(warnings.filter(({ id }) => !(name === "iife" && id === "empty-import-meta")), []);
    const pages = await PageServer.start({ folder: join(root, "out") });
    t.after(() => pages.close());
    await assertWorksAt(t, pages.origin());
  });
}

test("esbuild_split_chunks_loaded_on_demand_work", async (t) => {
  const root = await project(t, {
    "main.js": MAIN,
    "lazy.js": LAZY_MAIN,
    "out/index.html": page('<script type="module" src="/lazy.js"></script>'),
  });
  await esbuild({
    absWorkingDir: root,
    entryPoints: ["lazy.js"],
    bundle: true,
    splitting: true,
    format: "esm",
    outdir: "out",
    logLevel: "silent",
  });
  const pages = await PageServer.start({ folder: join(root, "out") });
  t.after(() => pages.close());
  assertLoadedOnNeed(await assertWorksAt(t, pages.origin()));
});

test("vite_build_served_alone_works", async (t) => {
  const root = await project(t, { "main.js": MAIN, "index.html": page('<script type="module" src="/main.js"></script>') });
  await vite.build({ root, configFile: false, logLevel: "silent" });
  const pages = await PageServer.start({ folder: join(root, "dist") });
  t.after(() => pages.close());
  assertLoadedOnNeed(await assertWorksAt(t, pages.origin()));
});

test("vite_build_with_the_slim_entry_and_the_module_as_an_asset_works", async (t) => {
  const main = MAIN.replace('"pixie-auth"', '"pixie-auth/slim"');
  const root = await project(t, { "main.js": main, "index.html": page('<script type="module" src="/main.js"></script>') });
  await vite.build({ root, configFile: false, logLevel: "silent" });
  const pages = await PageServer.start({ folder: join(root, "dist") });
  t.after(() => pages.close());
  assertLoadedOnNeed(await assertWorksAt(t, pages.origin()));
});

test("vite_build_under_a_base_path_works", async (t) => {
  const root = await project(t, { "main.js": MAIN, "index.html": page('<script type="module" src="/main.js"></script>') });
  await vite.build({ root, configFile: false, logLevel: "silent", base: "/app/", build: { outDir: "dist/app" } });
  const pages = await PageServer.start({ folder: join(root, "dist") });
  t.after(() => pages.close());
  assertLoadedOnNeed(await assertWorksAt(t, `${pages.origin()}/app`));
});

test("vite_dev_server_with_prebundling_works", async (t) => {
  const root = await project(t, { "main.js": MAIN, "index.html": page('<script type="module" src="/main.js"></script>') });
  const server = await vite.createServer({
    root,
    configFile: false,
    logLevel: "silent",
    server: { host: "127.0.0.1", port: 0 },
    cacheDir: join(root, "node_modules", ".vite"),
  });
  t.after(() => server.close());
  await server.listen();
  const address = /** @type {import("node:net").AddressInfo} */ (server.httpServer?.address());
  const requested = await assertWorksAt(t, `http://127.0.0.1:${address.port}`);
  assert.ok(
    requested.some((path) => path.startsWith("/node_modules/.vite/deps/pixie-auth")),
    `the dependency came pre-bundled: ${requested.join(" ")}`,
  );
});
