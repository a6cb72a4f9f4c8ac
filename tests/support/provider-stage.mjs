// @ts-check
// A stage on which a real authorization server plays (npm's oidc-provider): it rotates refresh tokens, and whoever
// sends one again loses the whole family. Its token endpoint takes its time, as one far away does.

import assert from "node:assert/strict";

import { testAccount } from "../../www-demo/server/accounts.mjs";
import { startAuthorizationServer } from "../../www-demo/server/authorization-server.mjs";
import { Stage } from "./auth-tab.mjs";
import { assertNobodySignedOut, cyclesOf, tokensOf } from "./row-of-tabs.mjs";

/**
 * @param {import("node:test").TestContext} t
 * @param {import("./auth-tab.mjs").StageOptions & { lifetime: number, resources?: Record<string, { scope: string }>, dpopNonce?: boolean, host?: string }} options
 */
export async function providerStage(t, { lifetime, resources, dpopNonce, host, config = {}, ...options }) {
  return Stage.set(t, {
    ownContext: true,
    config: { storage: "local", ...config },
    serve: (origin) =>
      startAuthorizationServer({
        clients: [{ clientId: "spa", redirectUris: [`${origin}/callback`], postLogoutRedirectUris: [`${origin}/signed-out`] }],
        accessTokenTtl: lifetime,
        resources,
        dpopNonce,
        host,
        tokenDelay: 400,
      }),
    converse: async (page) => {
      await page.locator("#username").fill(testAccount.username);
      await page.locator("#password").fill(testAccount.password);
      await page.getByRole("button", { name: "Sign in" }).click();
    },
    ...options,
  });
}

/**
 * One refresh request a cycle and none refused, and at the end every tab has a token that the server accepts.
 * @param {Stage} stage
 * @param {readonly import("./auth-tab.mjs").AuthTab[]} tabs
 * @param {{ lifetime: number, seconds: number, print: (line: string) => void }} options for how long they ran
 */
export async function assertOneRefreshACycle(stage, tabs, { lifetime, seconds, print }) {
  const refreshes = stage.server.tokenRequests.entries.filter((/** @type {any} */ { grantType }) => grantType === "refresh_token");
  const refused = refreshes.filter((/** @type {any} */ { outcome }) => outcome !== "success").length;
  const cycles = cyclesOf(refreshes.map((/** @type {any} */ { at }) => at), lifetime);
  const tokens = await tokensOf(tabs);
  const accepted = new Map(await Promise.all([...new Set(tokens)].map(async (token) => /** @type {[string, boolean]} */ ([token, await isAccepted(stage, token)]))));
  const alive = tokens.filter((token) => accepted.get(token)).length;
  print(`tabs: ${tabs.length}, cycles: ${cycles}, refresh requests: ${refreshes.length}, refused: ${refused}, alive: ${alive}`);
  assert.equal(refused, 0);
  assert.equal(refreshes.length, cycles, "one request a cycle");
  assert.ok(cycles >= Math.floor(seconds / lifetime), `${cycles} cycles in ${seconds} seconds`);
  assert.equal(alive, tabs.length);
  await assertNobodySignedOut(tabs);
}

/** @param {Stage} stage @param {string} token */
async function isAccepted(stage, token) {
  const response = await fetch(`${stage.server.issuer}/me`, { headers: { authorization: `Bearer ${token}` } });
  return response.ok;
}
