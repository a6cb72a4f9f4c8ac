// @ts-check
// init(): each source it takes, and that a load which failed may be tried again.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { closeBrowser, freshContext } from "../support/browser.mjs";
import { PageServer, importMapTag } from "../support/page-server.mjs";
import { packedPackage } from "../support/packed-package.mjs";

after(closeBrowser);

const WASM = "/node_modules/pixie-auth/pixie_auth_bg.wasm";
/** A client that needs no network, so that the module is all that can fail. */
const CREATE = `
  globalThis.makeLoginUrl = async () => {
    const client = await pixie.AuthClient.create({
      metadata: {
        issuer: "https://issuer.example",
        authorization_endpoint: "https://issuer.example/authorize",
        token_endpoint: "https://issuer.example/token",
      },
      clientId: "spa",
      redirectUri: location.origin + "/callback",
      storage: "memory",
    });
    return (await client.createLoginUrl()).url;
  };
  globalThis.failureOf = async (action) => {
    try {
      await action();
      return null;
    } catch (error) {
      return { code: error.code, isAuthError: error instanceof pixie.AuthError, action: error.action, retryable: error.retryable };
    }
  };
`;

/** @param {import("node:test").TestContext} t */
async function openPage(t) {
  const pages = await PageServer.start({
    pages: {
      "/": `<!doctype html><link rel="icon" href="data:,">${await importMapTag()}<script type="module">
        import * as pixie from "pixie-auth";
        globalThis.pixie = pixie;
        ${CREATE}
      </script>`,
      "/page.html": "<!doctype html><p>no module</p>",
      "/empty.wasm": { type: "application/wasm", body: "" },
    },
  });
  t.after(() => pages.close());
  const page = await (await freshContext(t)).newPage();
  await page.goto(`${pages.origin()}/`);
  return { page, pages };
}

const sources = {
  a_path: `"${WASM}"`,
  a_url_string: `location.origin + "${WASM}"`,
  a_url: `new URL("${WASM}", location.href)`,
  an_array_buffer: `await (await fetch("${WASM}")).arrayBuffer()`,
  a_view: `new Uint8Array(await (await fetch("${WASM}")).arrayBuffer())`,
  a_view_into_a_larger_buffer: `await (async () => {
    const bytes = new Uint8Array(await (await fetch("${WASM}")).arrayBuffer());
    const larger = new Uint8Array(bytes.length + 16);
    larger.set(bytes, 8);
    return larger.subarray(8, 8 + bytes.length);
  })()`,
  a_module: `await WebAssembly.compileStreaming(fetch("${WASM}"))`,
  a_response: `await fetch("${WASM}")`,
  a_promise_of_a_response: `fetch("${WASM}")`,
  a_response_of_another_media_type: `new Response(await (await fetch("${WASM}")).arrayBuffer(), { headers: { "content-type": "text/plain" } })`,
};
for (const [name, source] of Object.entries(sources)) {
  test(`init_with_${name}_loads_from_it_once`, async (t) => {
    const { page, pages } = await openPage(t);
    const url = await page.evaluate(`(async () => {
      const source = ${source};
      await pixie.init(source);
      await pixie.init();
      return makeLoginUrl();
    })()`);
    assert.match(/** @type {string} */ (url), /^https:\/\/issuer\.example\/authorize\?/);
    assert.equal(pages.requests.filter((path) => path === WASM).length, 1, "the module was asked for once");
  });
}

test("init_is_not_needed_before_create", async (t) => {
  const { page } = await openPage(t);
  assert.match(await page.evaluate("makeLoginUrl()"), /code_challenge=/);
});

test("init_called_twice_at_once_is_idempotent", async (t) => {
  const { page } = await openPage(t);
  await page.evaluate("Promise.all([pixie.init(), pixie.init(), pixie.init()])");
  assert.match(await page.evaluate("makeLoginUrl()"), /code_challenge=/);
});

const failures = {
  an_address_that_is_not_there: `"/nowhere.wasm"`,
  an_html_page: `"/page.html"`,
  an_empty_file: `"/empty.wasm"`,
  an_unreachable_server: `"http://127.0.0.1:1/x.wasm"`,
  bytes_that_are_no_module: `new Uint8Array([1, 2, 3, 4])`,
  a_module_of_something_else: `new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])`,
  a_rejected_promise: `Promise.reject(new TypeError("offline"))`,
  a_response_that_says_404: `fetch("/nowhere.wasm")`,
};
for (const [name, source] of Object.entries(failures)) {
  test(`init_with_${name}_rejects_and_may_be_tried_again`, async (t) => {
    const { page } = await openPage(t);
    const failure = /** @type {any} */ (await page.evaluate(`failureOf(() => pixie.init(${source}))`));
    assert.notEqual(failure, null, "init rejected");
    assert.equal(failure.code, "wasm_load_failed");
    assert.equal(failure.isAuthError, true);
    await page.evaluate("pixie.init()");
    assert.match(await page.evaluate("makeLoginUrl()"), /code_challenge=/);
  });
}

test("init_that_fails_in_a_window_that_is_being_closed_tells_nobody", async (t) => {
  const { page } = await openPage(t);
  const ended = (/** @type {boolean} */ closed) =>
    page.evaluate(`(() => {
      Object.defineProperty(globalThis, "closed", { value: ${closed}, configurable: true });
      const ended = failureOf(() => pixie.init("/nowhere.wasm")).then(() => "told");
      // A second load of the same goes the same way, and is over later.
      return Promise.race([ended, fetch("/nowhere.wasm").then(() => fetch("/nowhere.wasm")).then(() => "not told")]);
    })()`);
  assert.equal(await ended(true), "not told");
  assert.equal(await ended(false), "told");
  await page.evaluate("pixie.init()");
});

test("create_after_a_failed_init_loads_the_default", async (t) => {
  const { page } = await openPage(t);
  const failure = /** @type {any} */ (await page.evaluate(`failureOf(() => pixie.init("/nowhere.wasm"))`));
  assert.equal(failure.code, "wasm_load_failed");
  assert.match(await page.evaluate("makeLoginUrl()"), /code_challenge=/);
});

test("slim_entry_loads_the_file_beside_it_once_and_tries_again_after_a_failure", async (t) => {
  const pages = await PageServer.start({
    pages: {
      "/": `<!doctype html><link rel="icon" href="data:,">${await importMapTag()}<script type="module">
        import * as pixie from "pixie-auth/slim";
        globalThis.pixie = pixie;
        ${CREATE}
      </script>`,
    },
  });
  t.after(() => pages.close());
  const page = await (await freshContext(t)).newPage();
  await page.goto(`${pages.origin()}/`);
  assert.equal(pages.requests.includes(WASM), false, "the import alone loads nothing");
  await page.route(`**${WASM}`, (route) => route.abort(), { times: 1 });
  const failure = /** @type {any} */ (await page.evaluate("failureOf(makeLoginUrl)"));
  assert.equal(failure.code, "wasm_load_failed");
  assert.equal(failure.isAuthError, true);
  assert.match(await page.evaluate("makeLoginUrl()"), /code_challenge=/);
  assert.match(await page.evaluate("makeLoginUrl()"), /code_challenge=/);
  assert.equal(pages.requests.filter((path) => path === WASM).length, 1);
});

test("the_named_module_is_part_of_the_package", async () => {
  const { files } = await packedPackage();
  assert.ok(files.includes("pixie_auth_bg.wasm"));
});
