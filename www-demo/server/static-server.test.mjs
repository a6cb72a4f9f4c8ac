// @ts-check

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { listenOnLoopback } from "./loopback-listener.mjs";
import { createStaticServer } from "./static-server.mjs";

const IMPORT_MAP = '{ "imports": {} }';
const CONFIG = { issuer: "http://localhost:9", clientId: "the-client", scope: "openid" };

/** @param {import("node:test").TestContext} t */
async function serve(t) {
  const folder = await mkdtemp(join(tmpdir(), "pixie-auth-static-"));
  t.after(() => rm(folder, { recursive: true }));
  const [pageFolder, packageFolder] = [join(folder, "page"), join(folder, "package")];
  await mkdir(pageFolder);
  await mkdir(packageFolder);
  await writeFile(join(folder, "secret.txt"), "secret");
  await writeFile(join(pageFolder, "index.html"), `<script type="importmap">${IMPORT_MAP}</script>`);
  await writeFile(join(pageFolder, "app.js"), "export {};");
  await writeFile(join(packageFolder, "index.js"), "export {};");
  await writeFile(join(packageFolder, "module.wasm"), new Uint8Array([0, 0x61, 0x73, 0x6d]));
  await symlink(join(folder, "secret.txt"), join(pageFolder, "link.txt"));

  const listener = await listenOnLoopback({ host: "127.0.0.1", port: 0 });
  t.after(() => listener.close());
  listener.serve(await createStaticServer({ pageFolder, packageFolder, config: CONFIG }));

  /**
   * The path goes out as it stands: fetch() would tidy it first.
   * @param {string} path
   * @param {string} [method]
   * @returns {Promise<{ status: number | undefined, headers: import("node:http").IncomingHttpHeaders, text: string }>}
   */
  return (path, method = "GET") =>
    new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: listener.port, path, method }, async (response) => {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() });
      });
      sent.on("error", reject).end();
    });
}

test("page_is_served_at_its_root_and_at_both_return_addresses", async (t) => {
  const get = await serve(t);
  for (const path of ["/", "/callback?code=1&state=2", "/logged-out?state=3"]) {
    const { status, headers, text } = await get(path);
    assert.equal(status, 200, path);
    assert.equal(headers["content-type"], "text/html; charset=utf-8");
    assert.match(text, /importmap/);
  }
});

test("package_is_served_by_its_npm_name_with_the_types_that_browsers_ask_for", async (t) => {
  const get = await serve(t);
  assert.equal((await get("/node_modules/pixie-auth/index.js")).headers["content-type"], "text/javascript; charset=utf-8");
  assert.equal((await get("/node_modules/pixie-auth/module.wasm")).headers["content-type"], "application/wasm");
});

test("config_names_issuer_client_and_scope", async (t) => {
  const get = await serve(t);
  assert.deepEqual(JSON.parse((await get("/config.json")).text), CONFIG);
});

test("policy_allows_the_import_map_by_its_hash_and_the_issuer_by_its_origin", async (t) => {
  const get = await serve(t);
  const policy = String((await get("/")).headers["content-security-policy"]);
  const hash = createHash("sha256").update(IMPORT_MAP).digest("base64");
  assert.ok(policy.includes(`script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}';`), policy);
  assert.ok(policy.includes(`connect-src 'self' ${CONFIG.issuer};`), policy);
  assert.ok(!policy.includes("unsafe-inline"), policy);
});

test("path_out_of_the_folders_is_not_found", async (t) => {
  const get = await serve(t);
  const paths = [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/..%5csecret.txt",
    "/node_modules/pixie-auth/../secret.txt",
    "/node_modules/pixie-auth/%2e%2e%2fsecret.txt",
    "/link.txt",
    "//etc/hostname",
    "/%00",
    "/%zz",
    "/nothing.js",
    "/app.js/more",
    "/node_modules/pixie-auth/",
  ];
  for (const path of paths) {
    const { status, text } = await get(path);
    assert.equal(status, 404, path);
    assert.doesNotMatch(text, /secret/, path);
  }
});

test("head_has_no_body_and_other_methods_are_refused", async (t) => {
  const get = await serve(t);
  const head = await get("/app.js", "HEAD");
  assert.equal(head.status, 200);
  assert.equal(head.text, "");
  const post = await get("/app.js", "POST");
  assert.equal(post.status, 405);
  assert.equal(post.headers.allow, "GET, HEAD");
});
