// @ts-check
// The real authorization servers that one story is told with: how each is started, what it asks of a person, and where
// their manners differ.

import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

import { testAccount } from "../../www-demo/server/accounts.mjs";
import { startAuthorizationServer } from "../../www-demo/server/authorization-server.mjs";
import { DjangoServer } from "./django.mjs";

/** @typedef {import("playwright-core").Page} Page */

/**
 * A page that a server shows a person, known by its button.
 * @typedef {object} Form
 * @property {string} name
 * @property {string} button
 * @property {Record<string, string>} [fields]  what is filled in where
 * @property {string} [declined]  the button of somebody who does not want to
 */

/**
 * @typedef {object} InteropServer
 * @property {string} name
 * @property {(pagesOrigin: string) => Promise<{ issuer: string, close: () => Promise<void> }>} start
 * @property {string} elsewhere  where, below the issuer's origin, the metadata stand that discovery leaves out; empty where it has all
 * @property {readonly Form[]} forms
 * @property {string} declines  the form at which its person may say no
 * @property {boolean} graceful  whether a refresh token that was just exchanged gives the same successor again
 * @property {boolean} consentEachTime
 * @property {boolean} confirmsLogout
 * @property {boolean} namesItselfInErrors  whether redirects with an error have the `iss` that its metadata announce
 * @property {Record<string, string>} claims  of the person, in the ID token
 */

/** Seconds of an access token. */
export const LIFETIME = 16;

/** @type {InteropServer} */
export const oidcProvider = {
  name: "oidc-provider",
  start: (origin) =>
    startAuthorizationServer({
      clients: [{ clientId: "spa", redirectUris: [`${origin}/callback`], postLogoutRedirectUris: [`${origin}/signed-out`] }],
      accessTokenTtl: LIFETIME,
      around: acceptPlain,
    }),
  elsewhere: "",
  forms: [
    {
      name: "password",
      button: "Sign in",
      fields: { "#username": testAccount.username, "#password": testAccount.password },
      declined: "Cancel and go back",
    },
  ],
  declines: "password",
  graceful: false,
  consentEachTime: false,
  confirmsLogout: false,
  namesItselfInErrors: true,
  claims: { preferred_username: testAccount.username, email: "pixie@pixie-auth.test" },
};

/** @type {InteropServer} */
export const django = {
  name: "Django OAuth Toolkit",
  // Long enough for the test to come back with an old token, however busy the machine is.
  start: (pagesOrigin) => DjangoServer.start({ pagesOrigin, lifetime: LIFETIME, gracePeriod: 60 }),
  elsewhere: "/.well-known/oauth-authorization-server/o",
  forms: [
    {
      name: "password",
      button: "Sign in",
      fields: { "#id_username": DjangoServer.account.username, "#id_password": DjangoServer.account.password },
    },
    { name: "consent", button: "Authorize", declined: "Cancel" },
    { name: "logout", button: "Logout", declined: "Cancel" },
  ],
  declines: "consent",
  graceful: true,
  consentEachTime: true,
  confirmsLogout: true,
  namesItselfInErrors: false,
  claims: { name: "Alice Liddell", email: "alice@pixie-auth.test" },
};

/**
 * oidc-provider 9 knows S256 alone. A challenge that is the verifier itself is handed to it as that verifier's hash, which
 * it compares with the hash of what the token request brings: equal where the two are equal, which is what `plain` asks
 * for (RFC 7636 §4.6).
 * @param {any} context
 * @param {() => Promise<void>} next
 */
async function acceptPlain(context, next) {
  if (context.path === "/auth" && context.query.code_challenge_method === "plain") context.query = hashed(context.query);
  if (context.path === "/request") {
    const form = Object.fromEntries(new URLSearchParams(await text(context.req)));
    // Where it finds the request read, it takes what others have read.
    context.req.body = form.code_challenge_method === "plain" ? hashed(form) : form;
  }
  await next();
  if (context.path === "/.well-known/openid-configuration") context.body.code_challenge_methods_supported = ["S256", "plain"];
}

/** @param {Record<string, string>} parameters of an authorization request with `plain` */
function hashed(parameters) {
  const hash = createHash("sha256").update(parameters.code_challenge).digest("base64url");
  return { ...parameters, code_challenge: hash, code_challenge_method: "S256" };
}

/**
 * A person who answers what the server asks during a trip to it and back.
 * @param {Page} page
 * @param {readonly Form[]} forms
 * @param {Promise<unknown>} trip
 * @param {string} [declines] the form at which the person says no
 * @returns {Promise<string[]>} what was asked, in order
 */
export async function answering(page, forms, trip, declines) {
  let back = false;
  const arrival = trip.finally(() => {
    back = true;
  });
  // It is waited for below; until then a failure is nobody's.
  arrival.catch(() => {});
  const asked = /** @type {string[]} */ ([]);
  while (!back) {
    const form = await shownForm(page, forms);
    if (form === undefined) {
      await delay(30);
      continue;
    }
    asked.push(form.name);
    const before = page.url();
    for (const [field, text] of Object.entries(form.fields ?? {})) await page.locator(field).fill(text);
    const button = form.name === declines ? form.declined : form.button;
    await page.getByRole("button", { name: button, exact: true }).click();
    await page.waitForURL(({ href }) => href !== before);
  }
  await arrival;
  return asked;
}

/** @param {Page} page @param {readonly Form[]} forms */
async function shownForm(page, forms) {
  for (const form of forms) if (await page.getByRole("button", { name: form.button, exact: true }).isVisible()) return form;
  return undefined;
}
