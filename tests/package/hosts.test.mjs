// @ts-check
// The full entry at work where there is no window: in Node and in a module worker.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { closeBrowser, freshContext } from "../support/browser.mjs";
import { MisbehavingServer } from "../support/misbehaving-server.mjs";
import { PageServer } from "../support/page-server.mjs";
import { importInstalled } from "../support/packed-package.mjs";

after(closeBrowser);

const REDIRECT_URI = "http://127.0.0.1/callback";

/** @param {import("node:test").TestContext} t */
async function startServer(t) {
  const server = await MisbehavingServer.start();
  t.after(() => server.close());
  return server;
}

test("node_with_storage_memory_signs_in_refreshes_and_signs_out", async (t) => {
  const server = await startServer(t);
  const { AuthClient } = await importInstalled("pixie-auth");
  const client = await AuthClient.create({
    issuer: server.issuer,
    clientId: "spa",
    redirectUri: REDIRECT_URI,
    storage: "memory",
    autoRefresh: false,
  });
  t.after(() => client.close());
  const { url } = await client.createLoginUrl({ appState: { from: "node" } });
  const response = await fetch(url, { redirect: "manual" });
  const { session, appState } = await client.handleCallback(new URL(response.headers.get("location") ?? ""));
  assert.deepEqual(appState, { from: "node" });
  assert.equal(session.claims.sub, "alice");
  assert.equal(await client.getAccessToken(), session.accessToken);
  assert.notEqual((await client.refresh()).accessToken, session.accessToken);
  assert.deepEqual(await client.logout({ local: true }), { url: null });
  assert.equal(await client.getSession(), null);
});

test("node_clients_in_one_process_do_not_hear_each_other", async (t) => {
  const server = await startServer(t);
  const { AuthClient } = await importInstalled("pixie-auth");
  const signedIn = async (/** @type {any} */ storage) => {
    const config = { issuer: server.issuer, clientId: "spa", redirectUri: REDIRECT_URI, storage, autoRefresh: false };
    const client = await AuthClient.create(config);
    t.after(() => client.close());
    const { url } = await client.createLoginUrl();
    const response = await fetch(url, { redirect: "manual" });
    await client.handleCallback(response.headers.get("location") ?? "");
    return client;
  };
  const own = () => {
    const values = new Map();
    return {
      get: (/** @type {string} */ key) => values.get(key) ?? null,
      set: (/** @type {string} */ key, /** @type {string} */ value) => void values.set(key, value),
      remove: (/** @type {string} */ key) => void values.delete(key),
    };
  };
  // A server's clients are of different users, or of one who signed in at two places.
  for (const storage of [() => "memory", own]) {
    const [first, second] = [await signedIn(storage()), await signedIn(storage())];
    const before = await second.getAccessToken();
    second.on("signedOut", () => assert.fail("the other one signed out"));
    await first.logout({ local: true });
    await delay(100);
    assert.equal(await second.getAccessToken(), before);
    assert.notEqual((await second.refresh()).accessToken, before);
  }
});

test("node_session_is_a_value_that_does_not_change", async (t) => {
  const server = await startServer(t);
  const { AuthClient } = await importInstalled("pixie-auth");
  const client = await AuthClient.create({
    issuer: server.issuer,
    clientId: "spa",
    redirectUri: REDIRECT_URI,
    storage: "memory",
    autoRefresh: false,
  });
  t.after(() => client.close());
  const { url } = await client.createLoginUrl();
  const response = await fetch(url, { redirect: "manual" });
  const { session } = await client.handleCallback(response.headers.get("location") ?? "");
  assert.throws(() => {
    session.accessToken = "other";
  }, TypeError);
  assert.throws(() => session.scope.push("more"), TypeError);
  const before = session.accessToken;
  await client.refresh();
  assert.equal(session.accessToken, before, "what was handed out stays as it was");
  assert.equal(session.hasScope("openid"), true);
  assert.equal(session.hasScope(), true);
  assert.equal(session.hasScope("openid", "nonsense"), false);
});

for (const storage of [undefined, "session", "local"]) {
  test(`node_with_storage_${storage ?? "by_default"}_is_storage_unavailable`, async (t) => {
    const server = await startServer(t);
    const { AuthClient, AuthError } = await importInstalled("pixie-auth");
    await assert.rejects(
      AuthClient.create({ issuer: server.issuer, clientId: "spa", redirectUri: REDIRECT_URI, storage }),
      (error) => error instanceof AuthError && /** @type {any} */ (error).code === "storage_unavailable",
    );
  });
}

test("node_login_has_no_page_to_leave_and_says_so", async (t) => {
  const server = await startServer(t);
  const { AuthClient, AuthError } = await importInstalled("pixie-auth");
  const client = await AuthClient.create({ issuer: server.issuer, clientId: "spa", redirectUri: REDIRECT_URI, storage: "memory" });
  t.after(() => client.close());
  await assert.rejects(client.login(), AuthError);
  for (const method of ["loginPopup", "loginSilent"]) await assert.rejects(client[method](), (/** @type {any} */ error) => error.code === "invalid_config");
  await assert.rejects(client.handleCallback(), AuthError);
});

test("module_worker_with_storage_memory_signs_in", async (t) => {
  const server = await startServer(t);
  const pages = await PageServer.start({
    pages: {
      "/": `<!doctype html><link rel="icon" href="data:,"><script type="module">
        const worker = new Worker("/worker.js", { type: "module" });
        worker.onmessage = ({ data }) => { globalThis.result = data; };
        worker.onerror = (event) => { globalThis.result = { failure: event.message }; };
      </script>`,
      "/worker.js": {
        type: "text/javascript; charset=utf-8",
        body: `
          import { AuthClient } from "/node_modules/pixie-auth/index.js";
          const config = { issuer: ${JSON.stringify(server.issuer)}, clientId: "spa", redirectUri: "${REDIRECT_URI}" };
          async function start() {
            const refused = await AuthClient.create(config).then(() => "made", (error) => error.code);
            const client = await AuthClient.create({ ...config, storage: "memory" });
            const { url } = await client.createLoginUrl();
            return { refused, url, signedIn: (await client.getSession()) !== null };
          }
          start().then(postMessage, (error) => postMessage({ failure: String(error) }));
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
  assert.equal(result.refused, "storage_unavailable", "a worker has no page's storage");
  assert.match(result.url, /code_challenge=/);
  assert.equal(result.signedIn, false);
});
