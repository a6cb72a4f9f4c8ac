// @ts-check
// The demo, top to bottom: make a client, take the redirect back if there is one, show the session, wire the buttons.

import { AuthClient, AuthError } from "pixie-auth";
import { claimRows, readable } from "./claims-table.js";
import { hideCountdown, showCountdown } from "./countdown.js";
import { byId, element, onPress } from "./dom.js";
import { clearError, showError } from "./error-alert.js";
import { logEventsOf } from "./event-log.js";
import { onStorageChoice, storageChoice } from "./storage-choice.js";

/** @type {AuthClient | undefined} */
let client;
let autoRefresh = true;

// ───────────────────────────────────────────────────────────── starting

async function start() {
  clearError();
  try {
    client ??= await makeClient();
    await takeRedirect(client);
  } catch (error) {
    showError(error, { retry: start, signIn: startOver });
  }
  await showSession();
}

async function makeClient() {
  const { issuer, clientId, scope } = await settings();
  for (const place of document.querySelectorAll(".issuer")) place.textContent = issuer;

  const made = await AuthClient.create({
    issuer,
    clientId,
    scope,
    redirectUri: `${location.origin}/callback`,
    postLogoutRedirectUri: `${location.origin}/logged-out`,
    storage: storageChoice(),
  });
  logEventsOf(made);
  made.on("signedIn", showSession);
  made.on("refreshed", showSession);
  made.on("signedOut", ({ error }) => {
    if (error) showError(error, { signIn });
    return showSession();
  });
  if (!autoRefresh) made.stopAutoRefresh();
  return made;
}

/** @returns {Promise<{ issuer: string, clientId: string, scope: string }>} */
async function settings() {
  const response = await fetch("/config.json");
  if (!response.ok) throw new Error(`The demo's server answered ${response.status} to /config.json.`);
  return response.json();
}

/**
 * The authorization server sends the person back to one of two addresses. Either is taken once; then it leaves the
 * address bar and the history, where a code does not belong.
 * @param {AuthClient} client
 */
async function takeRedirect(client) {
  const path = location.pathname;
  if (path !== "/callback" && path !== "/logged-out") return;
  try {
    if (path === "/callback") await client.handleCallback();
    else await client.handleLogoutCallback();
    if (path === "/logged-out") notice("You are signed out, here and on the server.");
  } catch (error) {
    // What may pass is tried again with the same address; what will not must not be met again by a reload.
    if (!(error instanceof AuthError && error.retryable)) leaveRedirect();
    throw error;
  }
  leaveRedirect();
}

function leaveRedirect() {
  history.replaceState(null, "", "/");
}

/** From a callback that cannot be saved to a new sign-in. */
function startOver() {
  leaveRedirect();
  return signIn();
}

// ───────────────────────────────────────────────────────────── showing

async function showSession() {
  const session = (await client?.getSession()) ?? null;
  const signedIn = session !== null;

  byId("status").textContent = signedIn ? "Signed in" : "Signed out";
  document.documentElement.dataset.status = signedIn ? "signed-in" : "signed-out";
  document.title = `${signedIn ? "Signed in" : "Signed out"} · pixie-auth demo`;
  byId("signed-out").hidden = signedIn;
  for (const id of ["identity", "lifetime", "claims-card", "token-card"]) byId(id).hidden = !signedIn;

  if (session) {
    showIdentity(session);
    showCountdown(session);
    showAutoRefresh();
  } else {
    hideCountdown();
    // Nobody's data stays in the page behind the curtain.
    for (const id of ["claims", "scopes", "token-result", "userinfo-result"]) byId(id).replaceChildren();
    for (const id of ["initials", "name", "email", "subject"]) byId(id).textContent = "";
    for (const id of ["token-result", "userinfo-result"]) byId(id).hidden = true;
  }
}

/** @param {import("pixie-auth").Session} session */
function showIdentity({ claims, scope }) {
  const name = String(claims?.name ?? claims?.sub ?? "Somebody");
  byId("name").textContent = name;
  byId("initials").textContent = name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word[0]?.toUpperCase() ?? "")
    .join("");
  byId("email").textContent = claims?.email ? `${claims.email} ·` : "";
  byId("subject").textContent = String(claims?.sub ?? "");
  byId("scopes").replaceChildren(...scope.map((word) => element("li", { "data-scope": word }, word)));
  byId("claims").replaceChildren(...claimRows(claims ?? {}));
}

function showAutoRefresh() {
  byId("auto-refresh").textContent = autoRefresh ? "Pause automatic refresh" : "Resume automatic refresh";
  byId("refresh-note").textContent = autoRefresh
    ? "Replaced by itself before it expires."
    : "Paused: it runs out unless you refresh it.";
}

/** @param {string} text */
function notice(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = false;
}

// ───────────────────────────────────────────────────────────── doing

/**
 * @param {(client: AuthClient) => unknown} action
 * @returns {Promise<void>}
 */
async function attempt(action) {
  clearError();
  byId("notice").hidden = true;
  try {
    client ??= await makeClient();
    await action(client);
  } catch (error) {
    showError(error, { retry: () => attempt(action), signIn });
    await showSession();
  }
}

function signIn() {
  return attempt((client) => client.login());
}

/** @param {AuthClient} client */
async function showToken(client) {
  const token = await client.getAccessToken({ minValidity: 5 });
  showResult("token-result", "Fingerprint of the token, which itself stays out of sight", {
    "SHA-256": await fingerprint(token),
    length: `${token.length} characters`,
  });
}

/** @param {AuthClient} client */
async function showUserinfo(client) {
  const endpoint = client.metadata.userinfo_endpoint;
  if (!endpoint) throw new Error("The server's metadata names no userinfo endpoint.");
  const token = await client.getAccessToken({ minValidity: 5 });
  const response = await fetch(endpoint, { headers: { Authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`The userinfo endpoint answered ${response.status}.`);
  showResult("userinfo-result", "The userinfo endpoint answered", await response.json());
}

/**
 * @param {string} id
 * @param {string} title
 * @param {Record<string, unknown>} facts
 */
function showResult(id, title, facts) {
  const rows = Object.entries(facts).map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, readable(name, value))),
  );
  byId(id).replaceChildren(element("p", { class: "result-title" }, title), element("dl", { class: "facts" }, ...rows));
  byId(id).hidden = false;
}

/** @param {string} token */
async function fingerprint(token) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  const hex = Array.from(new Uint8Array(digest, 0, 8), (byte) => byte.toString(16).padStart(2, "0"));
  return `${hex.join(" ")} …`;
}

/** Another storage is another client: the session in the old one is forgotten, so that none is left lying about. */
async function changeStorage() {
  await attempt(async (old) => {
    await old.logout({ local: true });
    await old.close();
    client = undefined;
  });
  await start();
}

onPress(byId("sign-in"), signIn);
onPress(byId("refresh-now"), () => attempt((client) => client.refresh()));
onPress(byId("get-token"), () => attempt(showToken));
onPress(byId("call-userinfo"), () => attempt(showUserinfo));
onPress(byId("sign-out"), () => attempt((client) => client.logout()));
onPress(byId("sign-out-local"), () => attempt((client) => client.logout({ local: true })));
onPress(byId("auto-refresh"), () =>
  attempt((client) => {
    autoRefresh = !autoRefresh;
    if (autoRefresh) client.startAutoRefresh();
    else client.stopAutoRefresh();
    showAutoRefresh();
  }),
);
onStorageChoice(changeStorage);

// Back from the sign-in page by the browser's button, the page may be the very one that was left.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) showSession();
});

await start();
