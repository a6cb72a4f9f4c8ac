// @ts-check
// A browser tab with the package in it, and a stage that holds what one end-to-end test needs: the server that may
// misbehave, the pages, the browser context. Every error that comes out of a tab is searched for the server's secrets.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { freshContext, sharedTabs } from "./browser.mjs";
import { MisbehavingServer } from "./misbehaving-server.mjs";
import { PageServer, importMapTag } from "./page-server.mjs";

/**
 * @typedef {object} PlainError
 * @property {boolean} isAuthError
 * @property {boolean} isError
 * @property {string} name
 * @property {string} code
 * @property {string} action
 * @property {boolean} retryable
 * @property {string} [oauthError]
 * @property {string} [oauthErrorDescription]
 * @property {number} [status]
 * @property {string} message
 * @property {string} surface
 */
/** @typedef {{ ok: true, value: any, error?: undefined } | { ok: false, error: PlainError, value?: undefined }} Outcome */

const ACTIONS = ["retry", "sign_in", "fix_config", "report"];

/**
 * @typedef {object} StageOptions
 * @property {boolean} [clock]       the pages' clock can be moved by the test
 * @property {boolean} [sameOrigin]  the server and the pages share one origin
 * @property {Record<string, unknown>} [config]  over the usual client configuration
 * @property {() => void} [initScript]  runs in every page before anything else
 * @property {boolean} [ownContext]  cookies and network of its own; needed by the three above, and given to them unasked
 * @property {(t: import("node:test").TestContext) => Promise<import("playwright-core").BrowserContext>} [newContext]  of another browser
 * @property {(origin: string) => Promise<any>} [serve]  another server for the pages of this origin: it has an issuer and is closed
 * @property {Record<string, string>} [headers]  of the pages
 * @property {(page: import("playwright-core").Page) => Promise<void>} [converse]  what its login asks of the person
 */

export class Stage {
  server;
  pages;
  config;
  /** What the server's login asks of the person. @type {(page: import("playwright-core").Page) => Promise<void>} */
  converse = async () => {};
  #context;
  /** @type {import("playwright-core").Page[]} */
  #borrowed = [];

  /**
   * @param {MisbehavingServer} server
   * @param {PageServer} pages
   * @param {import("playwright-core").BrowserContext | null} context its own, or null where tabs are shared
   * @param {Record<string, unknown>} config
   */
  constructor(server, pages, context, config) {
    this.server = server;
    this.pages = pages;
    this.#context = context;
    this.config = config;
  }

  /**
   * @param {import("node:test").TestContext} t
   * @param {StageOptions} [options]
   */
  static async set(t, options = {}) {
    const { clock = false, sameOrigin = false, config = {}, initScript, ownContext = false, newContext = freshContext, serve, headers, converse } = options;
    const harness = await readFile(new URL("page-harness.js", import.meta.url), "utf8");
    const page = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">${await importMapTag()}
      <script type="module" src="/page-harness.js"></script>`;
    const pages = await PageServer.start({
      headers,
      pages: {
        "/": page,
        "/callback": page,
        "/signed-out": page,
        "/blank": '<!doctype html><link rel="icon" href="data:,">',
        "/page-harness.js": { type: "text/javascript; charset=utf-8", body: harness },
      },
    });
    const start = serve ?? (() => MisbehavingServer.start());
    const server = sameOrigin ? MisbehavingServer.mountedAt(pages.origin()) : await start(pages.origin());
    if (sameOrigin) pages.mounted = server;
    const needsOwn = ownContext || clock || sameOrigin || initScript !== undefined;
    const context = needsOwn ? await newContext(t) : null;
    if (clock) await context?.clock.install();
    if (initScript !== undefined) await context?.addInitScript(initScript);
    const stage = new Stage(server, pages, context, {
      issuer: server.issuer,
      clientId: "spa",
      redirectUri: `${pages.origin()}/callback`,
      postLogoutRedirectUri: `${pages.origin()}/signed-out`,
      ...config,
    });
    if (converse) stage.converse = converse;
    t.after(() => stage.#clear());
    return stage;
  }

  async #clear() {
    for (const page of this.#borrowed) await sharedTabs.giveBack(page, `${this.pages.origin()}/blank`);
    await Promise.all([this.server.close(), this.pages.close()]);
  }

  /** A new tab, with storage of its own where storage is a tab's. */
  async tab() {
    if (this.#context !== null) return new AuthTab(this, await this.#context.newPage()).open();
    const page = await sharedTabs.take();
    this.#borrowed.push(page);
    return new AuthTab(this, page).open();
  }

  /**
   * The network of all tabs goes, or comes back.
   * @param {boolean} offline
   */
  async setOffline(offline) {
    assert.ok(this.#context, "tabs that are shared stay online");
    await this.#context.setOffline(offline);
  }

  /** A tab whose user is signed in, at the callback's address. */
  async signedInTab(/** @type {Record<string, unknown>} */ config = {}) {
    const tab = await this.tab();
    await tab.create(config);
    await Promise.all([tab.login(), this.converse(tab.page)]);
    await tab.create(config);
    const { session } = await tab.succeeds("handleCallback");
    return { tab, session };
  }
}

export class AuthTab {
  page;
  #stage;

  /**
   * @param {Stage} stage
   * @param {import("playwright-core").Page} page
   */
  constructor(stage, page) {
    this.#stage = stage;
    this.page = page;
  }

  /** @param {string} [path] a path of the pages' origin, or a whole URL */
  async open(path = "/") {
    await this.page.goto(new URL(path, this.#stage.pages.origin()).href);
    return this;
  }

  async reload() {
    await this.page.reload();
    return this;
  }

  /** @param {Record<string, unknown>} [config] */
  async tryCreate(config = {}) {
    const merged = { ...this.#stage.config, ...config };
    return this.#checked(await this.page.evaluate((value) => /** @type {any} */ (globalThis).harness.create(value), merged));
  }

  /** @param {Record<string, unknown>} [config] */
  async create(config = {}) {
    valueOf("create", await this.tryCreate(config));
    return this;
  }

  /**
   * @param {string} code
   * @param {Record<string, unknown>} [config]
   */
  async createFails(code, config = {}) {
    return errorOf("create", code, await this.tryCreate(config));
  }

  /**
   * @param {string} method
   * @param {...unknown} parameters
   * @returns {Promise<Outcome>}
   */
  async call(method, ...parameters) {
    return this.#checked(
      await this.page.evaluate(([name, values]) => /** @type {any} */ (globalThis).harness.call(name, values), [method, parameters]),
    );
  }

  /**
   * @param {[method: string, ...parameters: unknown[]][]} calls
   * @returns {Promise<Outcome[]>}
   */
  async together(...calls) {
    const outcomes = await this.page.evaluate((value) => /** @type {any} */ (globalThis).harness.together(value), calls);
    return outcomes.map((/** @type {Outcome} */ outcome) => this.#checked(outcome));
  }

  /**
   * @param {string} method
   * @param {...unknown} parameters
   */
  async succeeds(method, ...parameters) {
    return valueOf(method, await this.call(method, ...parameters));
  }

  /**
   * @param {string} method
   * @param {string} code
   * @param {...unknown} parameters
   */
  async fails(method, code, ...parameters) {
    return errorOf(method, code, await this.call(method, ...parameters));
  }

  /**
   * Leaves for the authorization endpoint and waits to be back.
   * @param {Record<string, unknown>} [options]
   */
  async login(options) {
    await this.#leave("login", options, "/callback");
  }

  /** @param {Record<string, unknown>} [options] */
  async logout(options) {
    await this.#leave("logout", options, "/signed-out");
  }

  /**
   * @param {string} method
   * @param {Record<string, unknown> | undefined} options
   * @param {string} landing the path that ends the trip
   */
  async #leave(method, options, landing) {
    const before = this.page.url();
    const arrived = this.page.waitForURL(({ href, pathname }) => pathname === landing && href !== before).then(() => null);
    // The call's promise may die with the page; a failure while the page stands is what must not be lost.
    const failed = this.page
      .evaluate(([name, value]) => /** @type {any} */ (globalThis).harness.call(name, value === null ? [] : [value]), [
        method,
        options ?? null,
      ])
      .then(
        (outcome) => (outcome.ok ? arrived : `${outcome.error.code}: ${outcome.error.message}`),
        () => arrived,
      );
    const failure = await Promise.race([arrived, failed]);
    if (failure !== null) {
      arrived.catch(() => {});
      assert.fail(`${method}() failed with ${failure}`);
    }
  }

  /** @returns {Promise<{ type: string, detail: any, at: number }[]>} */
  async events() {
    return this.page.evaluate(() => /** @type {any} */ (globalThis).harness.events);
  }

  /** @param {string} type */
  async eventsOf(type) {
    return (await this.events()).filter((event) => event.type === type).map((event) => event.detail);
  }

  /**
   * @param {string} type
   * @param {number} [count]
   */
  async waitForEvent(type, count = 1) {
    await this.page.waitForFunction(
      ([name, least]) =>
        /** @type {any} */ (globalThis).harness.events.filter((/** @type {any} */ event) => event.type === name).length >= least,
      /** @type {[string, number]} */ ([type, count]),
      { polling: 50 },
    );
    return (await this.eventsOf(type))[count - 1];
  }

  /** Errors that reached the window because nobody took them. @returns {Promise<string[]>} */
  async unhandled() {
    return this.page.evaluate(() => /** @type {any} */ (globalThis).harness.unhandled);
  }

  /**
   * Time passes for the pages and for the server.
   * @param {number} seconds
   */
  async moveClock(seconds) {
    this.#stage.server.clockAhead += seconds;
    await this.page.clock.fastForward(seconds * 1000);
  }

  /** @returns {Promise<number>} */
  async now() {
    return this.page.evaluate(() => Date.now());
  }

  /**
   * @param {"localStorage" | "sessionStorage"} area
   * @returns {Promise<Record<string, string>>}
   */
  async stored(area) {
    return this.page.evaluate((name) => Object.fromEntries(Object.entries(/** @type {any} */ (globalThis)[name])), area);
  }

  /**
   * @param {Outcome} outcome
   * @returns {Outcome}
   */
  #checked(outcome) {
    if (!outcome.ok) assertBearsNoSecret(outcome.error, this.#stage.server.secrets ?? []);
    return outcome;
  }
}

/**
 * @param {PlainError} error
 * @param {Iterable<string>} secrets
 */
export function assertBearsNoSecret(error, secrets) {
  for (const secret of secrets) {
    assert.ok(!error.surface.includes(secret), `the error ${error.code} shows a secret: ${error.surface}`);
  }
}

/**
 * @param {string} what
 * @param {Outcome} outcome
 */
export function valueOf(what, outcome) {
  if (!outcome.ok) assert.fail(`${what}() failed with ${outcome.error.code}: ${outcome.error.message}`);
  return outcome.value;
}

/**
 * @param {string} what
 * @param {string} code
 * @param {Outcome} outcome
 */
export function errorOf(what, code, outcome) {
  if (outcome.ok) assert.fail(`${what}() succeeded where ${code} was due: ${JSON.stringify(outcome.value)}`);
  const { error } = outcome;
  assert.equal(error.code, code, `${what}() failed with ${error.code}: ${error.message}`);
  assert.ok(error.isAuthError, "it is an AuthError");
  assert.ok(error.isError, "it is an Error");
  assert.equal(error.name, "AuthError");
  assert.ok(ACTIONS.includes(error.action), `its action ${error.action} is one of the contract's`);
  assert.equal(typeof error.retryable, "boolean");
  assert.equal(error.retryable, error.action === "retry", "retryable says what action says");
  return error;
}
