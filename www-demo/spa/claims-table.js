// @ts-check
// Claims as a table that can be read without the specification beside it.

import { element } from "./dom.js";

/** OIDC Core §2 and §5.1, in a few words each. */
const MEANINGS = {
  iss: "Issuer: who says so",
  sub: "Subject: who it is about",
  aud: "Audience: for whom it is said",
  exp: "Not to be believed after",
  iat: "Issued at",
  auth_time: "When the person last signed in",
  nonce: "Ties it to the request",
  at_hash: "Ties it to the access token",
  azp: "Authorized party",
  sid: "Session on the server",
  name: "Full name",
  given_name: "Given name",
  family_name: "Family name",
  nickname: "Nickname",
  preferred_username: "User name",
  locale: "Language",
  zoneinfo: "Time zone",
  updated_at: "Profile last changed",
  email: "E-mail address",
  email_verified: "Whether the address was verified",
};

const INSTANTS = new Set(["exp", "iat", "nbf", "auth_time", "updated_at"]);

/**
 * @param {Readonly<Record<string, unknown>>} claims
 * @returns {HTMLElement[]} rows
 */
export function claimRows(claims) {
  return Object.entries(claims).map(([name, value]) => {
    const meaning = /** @type {Record<string, string>} */ (MEANINGS)[name] ?? "";
    return element(
      "tr",
      { "data-claim": name },
      element("th", { scope: "row" }, element("code", {}, name)),
      element("td", {}, readable(name, value)),
      element("td", {}, meaning),
    );
  });
}

/**
 * @param {string} name
 * @param {unknown} value
 */
export function readable(name, value) {
  if (INSTANTS.has(name) && typeof value === "number") {
    const instant = new Date(value * 1000);
    return element("time", { datetime: instant.toISOString(), title: String(value) }, instant.toLocaleString());
  }
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  return element("code", {}, JSON.stringify(value));
}
