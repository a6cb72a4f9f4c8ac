// @ts-check
// The entry "pixie-auth/pkce" in Chromium: on a page that is no secure context, in a worker, under a strict policy.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";

import { closeBrowser, freshContext } from "../support/browser.mjs";
import { packedPackage } from "../support/packed-package.mjs";
import { PageServer, importMapTag } from "../support/page-server.mjs";

after(closeBrowser);

const MODULE = "/node_modules/pixie-auth/pkce.js";
/** The module and what it imports statically: the module graph, which is there before the first statement runs. */
const GRAPH = [MODULE, ...(await staticImports())];
const ICON = '<link rel="icon" href="data:,">';

async function staticImports() {
  const { directory } = await packedPackage();
  const source = await readFile(join(directory, "pkce.js"), "utf8");
  return [...source.matchAll(/\bfrom\s*["']\.\/([^"']+)["']/g)].map(([, file]) => `/node_modules/pixie-auth/${file}`);
}

/** @param {string} body */
function script(body) {
  return { type: "text/javascript; charset=utf-8", body };
}

/**
 * @param {import("node:test").TestContext} t
 * @param {import("../support/page-server.mjs").PageServerOptions} options
 * @param {string} host
 */
async function openPage(t, options, host) {
  const server = await PageServer.start(options);
  t.after(() => server.close());
  const page = await (await freshContext(t)).newPage();
  const requested = /** @type {string[]} */ ([]);
  const problems = /** @type {string[]} */ ([]);
  page.on("request", (request) => {
    if (request.resourceType() === "fetch") problems.push(`fetched ${request.url()}`);
    requested.push(new URL(request.url()).pathname);
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  await page.goto(`${server.origin(host)}/`);
  await page.waitForFunction(() => "result" in globalThis);
  const result = await page.evaluate(() => /** @type {any} */ (globalThis).result);
  assert.deepEqual(problems, []);
  return { result, requested };
}

/** @param {{ codeVerifier: string, codeChallenge: string, codeChallengeMethod: string }} pair */
function assertPair(pair) {
  assert.match(pair.codeVerifier, /^[A-Za-z0-9._~-]{43}$/);
  assert.equal(pair.codeChallenge, createHash("sha256").update(pair.codeVerifier).digest("base64url"));
  assert.equal(pair.codeChallengeMethod, "S256");
}

const REPORT = `
  const pair = generatePkce();
  const report = {
    pair,
    secure: globalThis.isSecureContext,
    subtle: typeof globalThis.crypto.subtle,
    verified: verifyPkce(pair.codeVerifier, pair.codeChallenge),
    rfc: codeChallenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    token: randomToken(),
  };
`;

test("pkce_page_over_plain_http_on_a_foreign_name_gives_a_pair_at_once", async (t) => {
  const { result, requested } = await openPage(
    t,
    {
      pages: {
        "/": `<!doctype html>${ICON}${await importMapTag()}<script type="module">
          import { codeChallenge, generatePkce, randomToken, verifyPkce } from "pixie-auth/pkce";
          ${REPORT}
          globalThis.result = report;
        </script>`,
      },
    },
    "spa.test",
  );
  assert.equal(result.secure, false);
  assert.equal(result.subtle, "undefined");
  assertPair(result.pair);
  assert.equal(result.verified, true);
  assert.equal(result.rfc, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
  assert.match(result.token, /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(new Set(requested), new Set(["/", ...GRAPH]), "nothing is loaded beside the module's own graph");
});

for (const host of ["spa.test", "127.0.0.1"]) {
  test(`pkce_module_worker_on_${host}_gives_a_pair_at_once`, async (t) => {
    const { result } = await openPage(
      t,
      {
        pages: {
          "/": `<!doctype html>${ICON}<script type="module">
            const worker = new Worker("/worker.js", { type: "module" });
            worker.onmessage = ({ data }) => { globalThis.result = data; };
            worker.onerror = (event) => { globalThis.result = { failure: event.message }; };
          </script>`,
          "/worker.js": script(`
            import { codeChallenge, generatePkce, randomToken, verifyPkce } from "${MODULE}";
            ${REPORT}
            postMessage({ ...report, inWorker: typeof window === "undefined" });
          `),
        },
      },
      host,
    );
    assert.equal(result.failure, undefined);
    assert.equal(result.inWorker, true);
    assertPair(result.pair);
  });
}

test("pkce_strict_content_security_policy_with_wasm_unsafe_eval_gives_a_pair", async (t) => {
  const { result, requested } = await openPage(
    t,
    {
      headers: { "content-security-policy": "default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'" },
      pages: {
        "/": `<!doctype html>${ICON}<script type="module" src="/main.js"></script>`,
        "/main.js": script(`
          import { codeChallenge, generatePkce, randomToken, verifyPkce } from "${MODULE}";
          ${REPORT}
          globalThis.result = report;
        `),
      },
    },
    "spa.test",
  );
  assertPair(result.pair);
  assert.deepEqual(new Set(requested), new Set(["/", "/main.js", ...GRAPH]));
});
