// @ts-check
// Importing "pixie-auth" where there is no window, and from a plain module script without a bundler.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";

import { closeBrowser, freshContext } from "../support/browser.mjs";
import { MisbehavingServer } from "../support/misbehaving-server.mjs";
import { PageServer, importMapTag } from "../support/page-server.mjs";
import { packedPackage, projectWithPackage } from "../support/packed-package.mjs";

after(closeBrowser);

/**
 * Runs a module of a user's project in a Node of its own, which has to end by itself, and reads the JSON it prints.
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string>} files
 */
async function runInNode(t, files) {
  const project = await projectWithPackage(files);
  t.after(() => project.remove());
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ["--no-warnings", join(project.path, "main.mjs")],
    { timeout: 20_000 },
  );
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

test("import_in_node_without_a_window_touches_nothing", async (t) => {
  const seen = await runInNode(t, {
    "main.mjs": `
      // Node makes some of its globals when they are first read; that is not the package's doing.
      for (const key of Reflect.ownKeys(globalThis)) try { void globalThis[key]; } catch {}
      await new Promise((resolve) => setTimeout(resolve, 50));
      const calls = [];
      // Whatever could reach outside, or keep the process alive, reports itself.
      for (const name of ["fetch", "setTimeout", "setInterval", "queueMicrotask"]) {
        const original = globalThis[name];
        globalThis[name] = (...parameters) => { calls.push(name); return original(...parameters); };
      }
      for (const name of ["compile", "instantiate", "compileStreaming", "instantiateStreaming"]) {
        const original = WebAssembly[name];
        WebAssembly[name] = (...parameters) => { calls.push(name); return original?.(...parameters); };
      }
      for (const name of ["Module", "Instance"]) {
        WebAssembly[name] = new Proxy(WebAssembly[name], {
          construct: (...parameters) => { calls.push(name); return Reflect.construct(...parameters); },
        });
      }
      const describe = () => Reflect.ownKeys(globalThis).map((key) => [key, Object.getOwnPropertyDescriptor(globalThis, key)]);
      const before = new Map(describe());
      const pixie = await import("pixie-auth");
      const changed = [];
      for (const [key, descriptor] of describe()) {
        const earlier = before.get(key);
        if (earlier === undefined || !Object.is(earlier.value, descriptor.value) || earlier.get !== descriptor.get) changed.push(String(key));
        before.delete(key);
      }
      const names = Object.keys(pixie).sort();
      console.log(JSON.stringify({
        calls, changed, removed: [...before.keys()].map(String), names,
      }));
    `,
  });
  assert.deepEqual(seen.calls, []);
  assert.deepEqual(seen.changed, []);
  assert.deepEqual(seen.removed, []);
  for (const name of ["AuthClient", "AuthError", "init"]) assert.ok(seen.names.includes(name), `${name} is exported`);
});

test("import_of_every_exported_entry_in_node_throws_nothing", async (t) => {
  const { manifest } = await packedPackage();
  const entries = Object.entries(manifest.exports)
    .filter(([, target]) => typeof target === "object")
    .map(([subpath]) => join("pixie-auth", subpath));
  assert.ok(entries.length >= 2, "there is more than one entry");
  const seen = await runInNode(t, {
    "main.mjs": `${entries.map((entry, index) => `import * as entry${index} from ${JSON.stringify(entry)};`).join("\n")}
      console.log(JSON.stringify([${entries.map((_, index) => `Object.keys(entry${index}).length`)}]));`,
  });
  for (const count of seen) assert.ok(count > 0, "each entry exports something");
});

test("authError_of_both_entries_is_recognised_by_name_and_code", async (t) => {
  const seen = await runInNode(t, {
    "main.mjs": `
      import { AuthError } from "pixie-auth";
      import { codeChallenge } from "pixie-auth/pkce";
      try {
        codeChallenge("short");
      } catch (error) {
        console.log(JSON.stringify({
          name: error.name, code: error.code, isError: error instanceof Error, authErrorIsError: AuthError.prototype instanceof Error,
        }));
      }
    `,
  });
  assert.deepEqual(seen, { name: "AuthError", code: "invalid_code_verifier", isError: true, authErrorIsError: true });
});

test("plain_module_script_with_an_import_map_makes_a_login_url", async (t) => {
  const server = await MisbehavingServer.start();
  t.after(() => server.close());
  const pages = await PageServer.start({
    pages: {
      "/": `<!doctype html><link rel="icon" href="data:,">${await importMapTag()}<script type="module">
        import { AuthClient } from "pixie-auth";
        const client = await AuthClient.create({
          issuer: ${JSON.stringify(server.issuer)}, clientId: "spa", redirectUri: location.origin + "/callback",
        });
        globalThis.result = await client.createLoginUrl();
      </script>`,
    },
  });
  t.after(() => pages.close());
  const page = await (await freshContext(t)).newPage();
  const problems = /** @type {string[]} */ ([]);
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => problems.push(message.text()));
  await page.goto(`${pages.origin()}/`);
  await page.waitForFunction(() => "result" in globalThis);
  const result = await page.evaluate(() => /** @type {any} */ (globalThis).result);
  assert.equal(new URL(result.url).searchParams.get("state"), result.state);
  assert.deepEqual(problems, [], "nothing is said on the console");
});

test("strict_content_security_policy_with_wasm_unsafe_eval_makes_a_login_url", async (t) => {
  const server = await MisbehavingServer.start();
  t.after(() => server.close());
  const pages = await PageServer.start({
    headers: {
      "content-security-policy": `default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ${server.issuer}`,
    },
    pages: {
      "/": `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/main.js"></script>`,
      "/main.js": {
        type: "text/javascript; charset=utf-8",
        body: `
          import { AuthClient } from "/node_modules/pixie-auth/index.js";
          AuthClient.create({
            issuer: ${JSON.stringify(server.issuer)}, clientId: "spa", redirectUri: location.origin + "/callback",
          })
            .then((client) => client.createLoginUrl())
            .then((result) => { globalThis.result = result; }, (error) => { globalThis.result = { failure: String(error) }; });
        `,
      },
    },
  });
  t.after(() => pages.close());
  const page = await (await freshContext(t)).newPage();
  await page.goto(`${pages.origin()}/`);
  await page.waitForFunction(() => "result" in globalThis);
  const result = await page.evaluate(() => /** @type {any} */ (globalThis).result);
  assert.equal(result.failure, undefined);
  assert.match(result.url, /^http:/);
});
