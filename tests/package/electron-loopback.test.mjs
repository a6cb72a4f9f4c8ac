// @ts-check
// The listener that takes the redirect of a sign-in in the system's browser (RFC 8252 §7.3), of "pixie-auth/electron/main".

import assert from "node:assert/strict";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { test } from "node:test";

import { hasList, listeningAt, LOOPBACK } from "../support/listeners.mjs";
import { importInstalled } from "../support/packed-package.mjs";

/** @typedef {import("pixie-auth/electron/main")} Main */

const { openLoopback } = /** @type {Main} */ (await importInstalled("pixie-auth/electron/main"));

const STATE = "the-state-of-this-login";

/** @param {import("node:test").TestContext} t @param {import("pixie-auth/electron/main").LoopbackOptions} [options] */
async function opened(t, options) {
  const loopback = await openLoopback(options);
  t.after(() => loopback.close());
  return { ...loopback, port: Number(new URL(loopback.redirectUri).port) };
}

/**
 * @param {number} port @param {string} path
 * @param {{ host?: string, method?: string, at?: string }} [how]
 * @returns {Promise<{ status?: number, headers: import("node:http").IncomingHttpHeaders, body: string }>}
 */
function asked(port, path, { host = `127.0.0.1:${port}`, method = "GET", at = "127.0.0.1" } = {}) {
  return new Promise((resolve, reject) => {
    const sent = request({ host: at, port, path, method, headers: { host } }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text) => (body += text)).on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    sent.on("error", reject).end();
  });
}

/** Whether somebody listens there. @param {string} host @param {number} port @returns {Promise<boolean>} */
function listens(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => (socket.destroy(), resolve(true)));
    socket.on("error", () => resolve(false));
  });
}

test("loopback_theRedirect_isGivenOnceAndTheBrowserSeesAPage", async (t) => {
  const { redirectUri, redirect, port } = await opened(t, { appName: 'Notes & "Co" <1>' });
  assert.match(redirectUri, /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  const redirected = redirect(STATE);
  const { status, headers, body } = await asked(port, `/callback?code=the-code&state=${STATE}&iss=https%3A%2F%2Fas.test`);
  assert.equal(status, 200);
  assert.equal(await redirected, `${redirectUri}?code=the-code&state=${STATE}&iss=https%3A%2F%2Fas.test`);
  assert.match(body, /<title>You can go back now<\/title>/);
  assert.ok(body.includes("Notes &amp; &quot;Co&quot; &lt;1&gt;"));
  assert.ok(!body.includes("the-code"));
  assert.match(`${headers["content-security-policy"]}`, /default-src 'none'/);
  assert.deepEqual([headers["cache-control"], headers["referrer-policy"]], ["no-store", "no-referrer"]);
  await assert.rejects(asked(port, `/callback?code=another&state=${STATE}`), { code: "ECONNREFUSED" });
});

test("loopback_aRefusalOfTheServers_isGivenTooAndThePageSaysSo", async (t) => {
  const { redirect, port } = await opened(t);
  const redirected = redirect(STATE);
  const { body } = await asked(port, `/callback?error=access_denied&state=${STATE}`);
  assert.match(body, /was not completed/);
  assert.match(await redirected, /error=access_denied/);
});

test("loopback_pageOfTheProgramsThatIsNone_isOurs", async (t) => {
  for (const page of [() => assert.fail("on purpose"), /** @type {any} */ (async () => "later")]) {
    const { redirect, port } = await opened(t, { page });
    const redirected = redirect(STATE);
    assert.match((await asked(port, `/callback?code=c&state=${STATE}`)).body, /You can go back now/);
    assert.match(await redirected, /code=c/);
  }
});

test("loopback_whatIsNotTheRedirect_isTurnedAwayWithoutAWord", async (t) => {
  const { redirect, port } = await opened(t);
  assert.equal((await asked(port, `/callback?code=early&state=${STATE}`)).status, 404, "before a login is waited for");
  const redirected = redirect(STATE);
  const good = `/callback?code=c&state=${STATE}`;
  /** @type {[number, string, Parameters<typeof asked>[2]?][]} */
  const turnedAway = [
    [421, good, { host: `rebound.example:${port}` }],
    [421, good, { host: `localhost:${port}` }],
    [421, good, { host: "127.0.0.1" }],
    [404, `/favicon.ico`],
    [404, "//"],
    [404, "//?x"],
    [404, `http://[/callback?code=c&state=${STATE}`],
    [404, `/callback/?code=c&state=${STATE}`],
    [405, good, { method: "POST" }],
    [405, good, { method: "HEAD" }],
    [400, "/callback"],
    [400, "/callback?code=c"],
    [400, "/callback?code=c&state="],
    [400, `/callback?code=c&state=${STATE}x`],
    [400, `/callback?code=c&state=${STATE.toUpperCase()}`],
    [400, `/callback?code=c&state=${STATE}&state=${STATE}`],
  ];
  for (const [status, path, how] of turnedAway) {
    const answer = await asked(port, path, how);
    assert.deepEqual([answer.status, answer.body], [status, ""], `${path} ${JSON.stringify(how)}`);
  }
  await asked(port, good);
  assert.match(await redirected, /code=c&/);
});

test("loopback_duringASignIn_isSeenOnLoopbackAloneAndNotAfterIt", async (t) => {
  const { redirect, port } = await opened(t);
  const redirected = redirect(STATE);
  const others = Object.values(networkInterfaces()).flatMap((all) => all ?? []).filter(({ internal }) => !internal);
  for (const { address, family, scopeid } of others) {
    if (family === "IPv6" && scopeid) continue;
    assert.equal(await listens(address, port), false, address);
  }
  assert.equal(await listens("127.0.0.1", port), true);
  if (!hasList) return t.skip("this system has no list of its listeners");
  const seen = listeningAt(port);
  assert.ok(seen.length >= 1 && seen.every((address) => LOOPBACK.includes(address)), `${seen}`);
  await asked(port, `/callback?code=c&state=${STATE}`);
  await redirected;
  assert.deepEqual(listeningAt(port), []);
});

test("loopback_onAMachineWithBothKindsOfAddresses_answersAtBoth", async (t) => {
  const { redirect, port } = await opened(t);
  if (!(await listens("::1", port))) return t.skip("this machine has no [::1]");
  const redirected = redirect(STATE);
  const { status } = await asked(port, `/callback?code=c&state=${STATE}`, { at: "::1", host: `[::1]:${port}` });
  assert.equal(status, 200);
  await redirected;
  assert.deepEqual([await listens("127.0.0.1", port), await listens("::1", port)], [false, false]);
});

test("loopback_twoSignInsAtOnce_haveAPortEachAndTakeTheirOwn", async (t) => {
  const [one, other] = [await opened(t), await opened(t)];
  assert.notEqual(one.port, other.port);
  const redirects = [one.redirect("state-1"), other.redirect("state-2")];
  assert.equal((await asked(one.port, "/callback?code=2&state=state-2")).status, 400);
  await asked(other.port, "/callback?code=2&state=state-2");
  await asked(one.port, "/callback?code=1&state=state-1");
  const codes = (await Promise.all(redirects)).map((url) => new URL(url).searchParams.get("code"));
  assert.deepEqual(codes, ["1", "2"]);
});

test("loopback_whosePortIsTaken_takesTheNextOfThoseGivenOrSaysThatNoneIsFree", async (t) => {
  const holder = createServer().listen(0, "127.0.0.1");
  t.after(() => holder.close());
  await new Promise((resolve) => holder.once("listening", resolve));
  const { port: taken } = /** @type {import("node:net").AddressInfo} */ (holder.address());
  await assert.rejects(openLoopback({ ports: [taken] }), (error) => {
    assert.ok(error instanceof Error && "code" in error && "action" in error);
    assert.deepEqual([error.code, error.action], ["invalid_config", "fix_config"]);
    assert.match(error.message, /no port to listen on/);
    return true;
  });
  const free = (await opened(t)).port;
  const spare = await opened(t);
  spare.close();
  const { port } = await opened(t, { ports: [taken, free, spare.port] });
  assert.equal(port, spare.port);
});

test("loopback_whoseBrowserNeverComesBack_timesOutAndIsGone", async (t) => {
  const { redirect, port } = await opened(t);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const redirected = redirect(STATE, { timeout: 60 });
  const settled = assert.rejects(redirected, { code: "timeout", action: "retry" });
  t.mock.timers.tick(59_999);
  assert.deepEqual(hasList ? listeningAt(port).length > 0 : true, true);
  t.mock.timers.tick(1);
  await settled;
  assert.equal(await listens("127.0.0.1", port), false);
});

test("loopback_whoseSignalAborts_isGone", async (t) => {
  const { redirect, port } = await opened(t);
  const controller = new AbortController();
  const redirected = assert.rejects(redirect(STATE, { signal: controller.signal }), { code: "aborted", action: "retry" });
  controller.abort();
  await redirected;
  assert.equal(await listens("127.0.0.1", port), false);
  const other = await opened(t);
  await assert.rejects(other.redirect(STATE, { signal: controller.signal }), { code: "aborted" });
});

test("loopback_connectionsThatSayNothing_keepNobodyOutAndAreLetGo", async (t) => {
  const { redirect, port } = await opened(t);
  const redirected = redirect(STATE);
  const silent = await Promise.all(
    Array.from({ length: 3 }, () => new Promise((resolve) => {
      const socket = connect({ host: "127.0.0.1", port }, () => resolve(socket));
      socket.on("error", () => {});
    })),
  );
  silent[0].write("GET /callback?co");
  const ended = silent.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
  assert.equal((await asked(port, `/callback?code=c&state=${STATE}`)).status, 200);
  await redirected;
  await Promise.all(ended);
});

test("loopback_withAPathThatIsNone_isRefused", async () => {
  for (const path of ["callback", "/a b", "/a?b", "//x\\y"]) {
    await assert.rejects(openLoopback({ path }), { code: "invalid_config", action: "fix_config" }, path);
  }
});
