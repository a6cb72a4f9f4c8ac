// @ts-check
// How long the access token is still good, as a dial that empties and a number that a screen reader may ask for.

import { byId } from "./dom.js";

const dial = byId("dial-left");
const number = byId("expires-in");
const prefix = byId("expires-prefix");

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {{ expiresAt: number, lifetime: number } | undefined} */
let shown;

/** @param {import("pixie-auth").Session} session */
export function showCountdown(session) {
  const { expiresAt } = session;
  if (expiresAt === null) {
    hideCountdown();
    dial.setAttribute("stroke-dasharray", "100 0");
    prefix.textContent = "no expiry";
    number.textContent = "given";
    return;
  }
  if (shown?.expiresAt !== expiresAt) shown = { expiresAt, lifetime: lifetimeOf(session, expiresAt) };
  tick();
}

export function hideCountdown() {
  clearTimeout(timer);
  shown = undefined;
}

function tick() {
  clearTimeout(timer);
  if (!shown) return;
  const left = Math.max(0, shown.expiresAt - Date.now());
  const seconds = Math.ceil(left / 1000);
  const part = Math.min(1, left / shown.lifetime);

  dial.setAttribute("stroke-dasharray", `${(part * 100).toFixed(2)} 100`);
  dial.classList.toggle("low", part < 0.25);
  prefix.textContent = left > 0 ? "expires in" : "access token";
  number.textContent = left > 0 ? inWords(seconds) : "expired";
  // The next tick falls on a full second, so that the number never skips one.
  if (left > 0) timer = setTimeout(tick, left % 1000 || 1000);
}

/**
 * The ID token says when the tokens were made. Where it does not, the dial is full at first sight.
 * @param {import("pixie-auth").Session} session
 * @param {number} expiresAt
 */
function lifetimeOf(session, expiresAt) {
  const left = expiresAt - Date.now();
  const issuedAt = session.claims?.iat;
  const lifetime = typeof issuedAt === "number" ? expiresAt - issuedAt * 1000 : left;
  return Math.max(lifetime, left, 1);
}

/** @param {number} seconds */
function inWords(seconds) {
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// Timers sleep in a hidden tab; the number must be right at the first glance back.
document.addEventListener("visibilitychange", tick);
