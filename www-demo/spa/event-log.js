// @ts-check
// What the client says, as it says it: newest first, the newest hundred.

import { byId, clockTime, element } from "./dom.js";

const list = byId("events");
const KEPT = 100;

/**
 * @param {string} name
 * @param {string} detail
 */
export function logEvent(name, detail) {
  const now = new Date();
  list.prepend(
    element(
      "li",
      { "data-event": name },
      element("time", { datetime: now.toISOString() }, clockTime(now)),
      element("div", {}, element("code", {}, name), element("span", {}, detail)),
    ),
  );
  while (list.children.length > KEPT) list.lastElementChild?.remove();
  list.hidden = false;
  byId("events-empty").hidden = true;
}

/** @param {import("pixie-auth").AuthClient} client */
export function logEventsOf(client) {
  client.on("signedIn", (session) => logEvent("signedIn", goodUntil(session)));
  client.on("refreshed", (session) => logEvent("refreshed", goodUntil(session)));
  client.on("refreshDelayed", ({ error, attempt, retryAt }) =>
    logEvent("refreshDelayed", `${error.code}; try ${attempt} failed, the next is at ${clockTime(retryAt)}`),
  );
  client.on("signedOut", ({ reason, error }) =>
    logEvent("signedOut", error ? `reason: ${reason} (${error.code})` : `reason: ${reason}`),
  );
}

/** @param {import("pixie-auth").Session} session */
function goodUntil({ expiresAt }) {
  return expiresAt === null ? "no expiry given" : `good until ${clockTime(expiresAt)}`;
}
