// @ts-check
// The second module: both entries load it when it is first needed and not before, and a load that failed may be tried
// again.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";

import { closeBrowser, freshContext } from "../support/browser.mjs";
import { PageServer, importMapTag } from "../support/page-server.mjs";
import { projectWithPackage } from "../support/packed-package.mjs";

after(closeBrowser);

const SECOND = "/node_modules/pixie-auth/seldom.js";
const ENTRIES = ["pixie-auth", "pixie-auth/slim"];
/** A client that needs no network, so that the modules are all that can fail. */
const CREATE = `
  const createWith = (pixie, more) => pixie.AuthClient.create({
    metadata: {
      issuer: "https://issuer.example",
      authorization_endpoint: "https://issuer.example/authorize",
      token_endpoint: "https://issuer.example/token",
    },
    clientId: "spa",
    redirectUri: "https://app.example/callback",
    storage: "memory",
    ...more,
  });
  const codeOf = (pixie, promise) => promise.then(() => "none", (error) => (error instanceof pixie.AuthError ? error.code : String(error)));
  const comeBack = (pixie, client) => codeOf(pixie, client.handleLogoutCallback("https://app.example/?state=planted"));
`;

/** @param {import("node:test").TestContext} t @param {string[]} [entries] */
async function openPage(t, entries = ENTRIES) {
  const pages = await PageServer.start({
    pages: {
      "/": `<!doctype html><link rel="icon" href="data:,">${await importMapTag()}<script type="module">
        ${entries.map((entry, index) => `import * as pixie${index} from ${JSON.stringify(entry)};`).join("\n")}
        ${CREATE}
        Object.assign(globalThis, { pixie: [${entries.map((_, index) => `pixie${index}`)}], createWith, comeBack });
      </script>`,
    },
  });
  t.after(() => pages.close());
  const page = await (await freshContext(t)).newPage();
  await page.goto(`${pages.origin()}/`);
  return { page, timesLoaded: () => pages.requests.filter((path) => path === SECOND).length };
}

/** What is asked of a client, as JavaScript, and whether the second module is loaded for it. @type {Record<string, [string, boolean]>} */
const NEEDS = {
  a_login_with_a_plain_app_state: [`create({ dpop: false, par: undefined }).then((client) => client.createLoginUrl({ appState: { to: ["/a", 1, true, null] } }))`, false],
  a_login_with_options_that_are_undefined: [`create().then((client) => client.createLoginUrl({ prompt: undefined }))`, false],
  a_login_with_options: [`create().then((client) => client.createLoginUrl({ prompt: "login" }))`, true],
  an_app_state_that_json_does_not_keep: [`create().then((client) => client.createLoginUrl({ appState: new Date(7) }))`, true],
  a_configuration_of_the_usual_kind: [`create({ scope: "openid a", autoRefresh: false, postLogoutRedirectUri: "https://app.example/" })`, false],
  a_time_limit: [`create({ requestTimeout: 5 })`, true],
  settings_of_the_refresh: [`create({ autoRefresh: { leadTime: 30 } })`, true],
  another_resource: [`create({ resource: "https://api.example" })`, true],
};
for (const [name, [asked, isLoaded]] of Object.entries(NEEDS)) {
  test(`second_module_is_${isLoaded ? "" : "not_"}loaded_for_${name}`, async (t) => {
    const { page, timesLoaded } = await openPage(t, [ENTRIES[0]]);
    await page.evaluate("globalThis.create = (more) => createWith(pixie[0], more)");
    await page.evaluate(asked);
    assert.equal(timesLoaded(), Number(isLoaded));
  });
}

test("second_module_that_did_not_load_for_a_logins_options_may_be_tried_again", async (t) => {
  const { page } = await openPage(t, [ENTRIES[0]]);
  await page.route(`**${SECOND}`, (route) => route.abort(), { times: 1 });
  await page.evaluate("createWith(pixie[0]).then((made) => { globalThis.client = made; })");
  const begin = () => page.evaluate(`client.createLoginUrl({ prompt: "login" }).then(({ url }) => new URL(url).searchParams.get("prompt"), ({ code }) => code)`);
  assert.deepEqual([await begin(), await begin()], ["wasm_load_failed", "login"]);
});

for (const entry of ENTRIES) {
  test(`second_module_of_${entry}_is_loaded_on_first_need_and_once`, async (t) => {
    const { page, timesLoaded } = await openPage(t, [entry]);
    await page.evaluate("(async () => { globalThis.client = await createWith(pixie[0]); await client.createLoginUrl(); await client.getSession(); })()");
    assert.equal(timesLoaded(), 0, "what most programs do is without it");
    assert.deepEqual(
      await page.evaluate("Promise.all([comeBack(pixie[0], client), comeBack(pixie[0], client)])"),
      ["logout_state_mismatch", "logout_state_mismatch"],
    );
    assert.equal(await page.evaluate("createWith(pixie[0]).then((other) => comeBack(pixie[0], other))"), "logout_state_mismatch");
    assert.equal(timesLoaded(), 1);
  });

  test(`second_module_of_${entry}_that_did_not_load_may_be_tried_again`, async (t) => {
    const { page, timesLoaded } = await openPage(t, [entry]);
    await page.route(`**${SECOND}`, (route) => route.abort(), { times: 1 });
    await page.evaluate("createWith(pixie[0]).then((made) => { globalThis.client = made; })");
    assert.equal(await page.evaluate("comeBack(pixie[0], client)"), "wasm_load_failed");
    assert.ok(await page.evaluate("client.createLoginUrl().then(({ url }) => url)"), "the rest works without it");
    assert.equal(await page.evaluate("comeBack(pixie[0], client)"), "logout_state_mismatch");
    assert.equal(timesLoaded(), 1);
  });

  test(`second_module_of_${entry}_in_node_works`, async (t) => {
    const project = await projectWithPackage({
      "main.mjs": `
        import * as pixie from ${JSON.stringify(entry)};
        import { readFile } from "node:fs/promises";
        ${CREATE}
        ${entry.endsWith("slim") ? 'await pixie.init(await readFile(new URL(import.meta.resolve("pixie-auth/pixie_auth_bg.wasm"))));' : ""}
        const client = await createWith(pixie);
        console.log(await comeBack(pixie, client));
        await client.close();
      `,
    });
    t.after(() => project.remove());
    const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", join(project.path, "main.mjs")], { timeout: 20_000 });
    assert.equal(stdout, "logout_state_mismatch\n");
  });
}

test("second_module_in_a_page_with_both_entries_serves_each_by_itself", async (t) => {
  const { page, timesLoaded } = await openPage(t);
  const codes = await page.evaluate(`(async () => {
    const clients = await Promise.all(pixie.map(createWith));
    return Promise.all(clients.map((client, index) => comeBack(pixie[index], client)));
  })()`);
  assert.deepEqual(codes, ["logout_state_mismatch", "logout_state_mismatch"]);
  assert.equal(timesLoaded(), 1, "it is one file");
});

test("second_module_of_another_build_is_refused", async (t) => {
  const { page } = await openPage(t);
  // Main's exports as another build would have them: the same letters, and its stack pointer by another name.
  const outcome = await page.evaluate(`(async () => {
    const { open } = await import(${JSON.stringify(SECOND)});
    const exports = new Proxy({}, {
      get: (_, name) => {
        if (/^[0-9a-f]{6}$/.test(name)) return undefined;
        return name === memoryName ? new WebAssembly.Memory({ initial: 2 }) : () => 0;
      },
    });
    const { module } = await WebAssembly.instantiateStreaming(fetch("/node_modules/pixie-auth/pixie_auth_bg.wasm"), new Proxy({}, { get: () => new Proxy({}, { get: () => () => 0 }) }));
    const own = WebAssembly.Module.exports(module);
    const memoryName = own.find(({ kind }) => kind === "memory").name;
    const failure = await open(exports, {}, () => () => 0).then(() => null, (error) => error);
    return { isLinkError: failure instanceof WebAssembly.LinkError, message: String(failure), builds: own.filter(({ kind }) => kind === "global").map(({ name }) => name) };
  })()`);
  const { isLinkError, message, builds } = /** @type {any} */ (outcome);
  assert.equal(builds.length, 1);
  assert.match(builds[0], /^[0-9a-f]{6}$/);
  assert.ok(isLinkError, message);
  assert.ok(message.includes(builds[0]), message);
});
