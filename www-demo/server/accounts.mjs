// @ts-check
// The people this server knows: one test account, whose password is meant to be printed.

import { createHash, timingSafeEqual } from "node:crypto";

const PIXIE = {
  username: "pixie",
  password: "stardust",
  /** OIDC Core §5.1: the standard claims. `sub` is not the user name, as names change and subjects must not. */
  claims: {
    sub: "a7c1e9d4-pixie",
    name: "Pixie Hollowell",
    given_name: "Pixie",
    family_name: "Hollowell",
    nickname: "Pix",
    preferred_username: "pixie",
    locale: "en",
    zoneinfo: "Europe/Lisbon",
    updated_at: 1_767_225_600,
    email: "pixie@pixie-auth.test",
    email_verified: true,
  },
};

/** What a person types at the sign-in page. */
export const testAccount = Object.freeze({ username: PIXIE.username, password: PIXIE.password });

/** Which claims a scope opens (OIDC Core §5.4). */
export const claimsByScope = {
  openid: ["sub"],
  profile: ["name", "given_name", "family_name", "nickname", "preferred_username", "locale", "zoneinfo", "updated_at"],
  email: ["email", "email_verified"],
};

/** What a person is told that a scope opens, on the consent page. */
export const scopeDescriptions = {
  openid: "Know who you are on this server",
  profile: "Read your name, locale and time zone",
  email: "Read your e-mail address",
  offline_access: "Stay signed in when you are away",
};

/**
 * @param {string} username
 * @param {string} password
 * @returns {string | undefined} the subject, where both are right
 */
export function verifyPassword(username, password) {
  // Both are always compared, so that the answer's time does not say which of them was wrong.
  const nameMatches = equalInConstantTime(username.trim().toLowerCase(), PIXIE.username);
  const passwordMatches = equalInConstantTime(password, PIXIE.password);
  return nameMatches && passwordMatches ? PIXIE.claims.sub : undefined;
}

/**
 * oidc-provider's `findAccount`.
 * @param {unknown} _context
 * @param {string} subject
 */
export async function findAccount(_context, subject) {
  if (subject !== PIXIE.claims.sub) return undefined;
  return { accountId: subject, claims: async () => ({ ...PIXIE.claims }) };
}

/** @param {string} subject */
export function displayName(subject) {
  return subject === PIXIE.claims.sub ? PIXIE.claims.name : subject;
}

/**
 * @param {string} given
 * @param {string} expected
 */
function equalInConstantTime(given, expected) {
  const digest = (/** @type {string} */ value) => createHash("sha256").update(value).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
