// @ts-check
// Plays the modules of the OpenID Foundation's conformance suite for relying parties, by their names, with a page and a
// browser of its own for each. A module says what it expects: that all goes well, or one error code of one call. A
// refusal for another reason, or by another call, differs from it as much as none.

import assert from "node:assert/strict";

import { Stage } from "./auth-tab.mjs";

/**
 * @typedef {import("./auth-tab.mjs").Outcome} Outcome
 * @typedef {import("./misbehaving-server.mjs").MisbehavingServer} MisbehavingServer
 * @typedef {(claims: Record<string, unknown>) => Record<string, unknown>} ShapeClaims
 */

/**
 * @typedef {object} Module
 * @property {string} name
 * @property {string} [expects] an error code; that all goes well where there is none
 * @property {Call} [by] the call that is refused; `handleCallback` where there is none
 * @property {string} [notApplicable] why it is not played
 * @property {Record<string, unknown>} [config] of the client, over the plan's
 * @property {(server: MisbehavingServer) => void} [arrange] what the server does wrong
 * @property {(scene: Scene) => Promise<void>} [play] where signing in is not all there is to it
 */
/** @typedef {"create" | "login" | "handleCallback" | "userInfo" | "refresh" | "fetch" | "handleLogoutCallback"} Call */
/**
 * @typedef {object} Plan
 * @property {string} name
 * @property {Record<string, unknown>} [config]
 * @property {(server: MisbehavingServer) => void} [arrange]
 * @property {(scene: Scene) => Promise<void>} [play]
 * @property {Module[]} modules
 */

const ACCEPTED = "accepted";

/** A call of the client's that was refused: it ends the module. */
class Refused extends Error {
  /** @param {Call} by @param {import("./auth-tab.mjs").PlainError} error */
  constructor(by, error) {
    super(`${by}() was refused with ${error.code}: ${error.message}`);
    this.by = by;
    this.error = error;
  }
}

/** What a module is played with. */
export class Scene {
  /**
   * @param {Stage} stage
   * @param {import("./auth-tab.mjs").AuthTab} tab
   */
  constructor(stage, tab) {
    this.stage = stage;
    this.tab = tab;
  }

  /** @returns {MisbehavingServer} */
  get server() {
    return this.stage.server;
  }

  /** Reads the metadata, leaves for the server and comes back, as a page does. */
  async signIn() {
    taken("create", await this.tab.tryCreate());
    await this.tab.login();
    taken("create", await this.tab.tryCreate());
    return taken("handleCallback", await this.tab.call("handleCallback")).session;
  }

  /** Signs in without leaving the page, so that what the client knows of the server stays in its memory. */
  async signInAgainHere() {
    const { url } = taken("login", await this.tab.call("createLoginUrl"));
    const response = await fetch(url, { redirect: "manual" });
    return taken("handleCallback", await this.tab.call("handleCallback", response.headers.get("location"))).session;
  }

  async refresh() {
    return taken("refresh", await this.tab.call("refresh"));
  }

  async userInfo() {
    return taken("userInfo", await this.tab.call("userInfo"));
  }

  /**
   * What a protected resource answers to the client's own fetch.
   * @param {string} path
   */
  async api(path) {
    const { page } = this.tab;
    const outcome = await page.evaluate(async (url) => {
      const { harness } = /** @type {any} */ (globalThis);
      return harness.outcome(async () => {
        const response = await harness.client.fetch(url);
        return { status: response.status, body: await response.json() };
      });
    }, this.server.url(path));
    const { status, body } = taken("fetch", outcome);
    assert.equal(status, 200, `the resource answered ${status}`);
    return body;
  }

  /** Ends the session at the server and comes back. */
  async logout() {
    await this.tab.logout();
    taken("create", await this.tab.tryCreate());
    taken("handleLogoutCallback", await this.tab.call("handleLogoutCallback"));
  }
}

/** @param {Call} by @param {Outcome} outcome */
function taken(by, outcome) {
  if (!outcome.ok) throw new Refused(by, outcome.error);
  return outcome.value;
}

/**
 * @param {string} code
 * @param {Call} by
 */
function refusal(code, by) {
  return `${code} by ${by}`;
}

/** @param {Module} module */
function expectationOf({ notApplicable, expects, by = "handleCallback" }) {
  if (notApplicable !== undefined) return "not applicable";
  return expects === undefined ? ACCEPTED : refusal(expects, by);
}

/** The record of what was played, for the table at the end. */
export class Conformance {
  /** @type {{ plan: string, name: string, expected: string, got: string, note: string }[]} */
  #rows = [];

  /**
   * Registers a test for each module that is played.
   * @param {(name: string, body: (t: import("node:test").TestContext) => Promise<void>) => unknown} test
   * @param {Plan} plan
   */
  register(test, plan) {
    for (const module of plan.modules) {
      const { name, notApplicable } = module;
      const expected = expectationOf(module);
      const row = { plan: plan.name, name, expected, got: notApplicable === undefined ? "not played" : expected, note: notApplicable ?? "" };
      this.#rows.push(row);
      if (notApplicable !== undefined) continue;
      test(name, async (t) => {
        row.got = "failed";
        row.got = await got(t, plan, module);
        assert.equal(row.got, expected);
      });
    }
  }

  /** A table in plain text; its last line alone holds the numbers. */
  report() {
    const header = { plan: "", name: "module", expected: "expected", got: "got", note: "" };
    const widths = { name: 0, expected: 0 };
    for (const row of [header, ...this.#rows]) {
      widths.name = Math.max(widths.name, row.name.length);
      widths.expected = Math.max(widths.expected, row.expected.length);
    }
    const line = (/** @type {typeof header} */ { name, expected, got, note }) =>
      `${name.padEnd(widths.name)}  ${expected.padEnd(widths.expected)}  ${got}${note && `: ${note}`}${got === expected || name === "module" ? "" : "  ← differs"}`;
    const lines = [line(header)];
    let plan = "";
    for (const row of this.#rows) {
      if (row.plan !== plan) lines.push("", row.plan);
      plan = row.plan;
      lines.push(line(row));
    }
    const played = this.#rows.filter(({ note }) => note === "");
    const differ = played.filter(({ got: outcome, expected }) => outcome !== expected).length;
    const left = this.#rows.length - played.length;
    lines.push("", `not applicable: ${left} modules, each with its reason above`, `conformance: ${played.length} modules, ${differ} differ`);
    return lines.join("\n");
  }
}

/**
 * @param {import("node:test").TestContext} t
 * @param {Plan} plan
 * @param {Module} module
 */
async function got(t, plan, module) {
  const stage = await Stage.set(t, { config: { autoRefresh: false, ...plan.config, ...module.config } });
  // What the page's own fetch may send the token to.
  stage.config = { ...stage.config, allowedOrigins: [stage.server.issuer] };
  plan.arrange?.(stage.server);
  module.arrange?.(stage.server);
  const scene = new Scene(stage, await stage.tab());
  const play = module.play ?? plan.play ?? signsIn;
  try {
    await play(scene);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await assertNothingCameOfIt(scene, error);
    t.diagnostic(error.message);
    return refusal(error.error.code ?? error.error.message, error.by);
  }
  return ACCEPTED;
}

/** @param {Scene} scene */
async function signsIn(scene) {
  await scene.signIn();
}

/**
 * A refusal is worth what the client does after it: nobody is signed in, and no code went to the server of a redirect that
 * was not believed.
 * @param {Scene} scene
 * @param {Refused} refused
 */
async function assertNothingCameOfIt({ tab, server }, { by, error }) {
  if (by === "handleCallback") {
    assert.equal(await tab.succeeds("getSession"), null, "nobody is signed in");
    assert.deepEqual(await tab.eventsOf("signedIn"), [], "and nobody was told so");
    if (error.code.startsWith("callback_")) assert.equal(server.tokenRequests().length, 0, "the code went nowhere");
  }
  if (by === "refresh" || by === "userInfo") {
    const session = await tab.succeeds("getSession");
    assert.equal(session?.claims.sub ?? "alice", "alice", "the session is nobody else's");
  }
}
