// @ts-check
// The conversation with the person between the authorization request and its answer: sign in, allow, or walk away.

import { errors } from "oidc-provider";
import { displayName, scopeDescriptions, testAccount, verifyPassword } from "./accounts.mjs";
import { consentPage, errorPage, loginPage } from "./pages.mjs";

const ROUTE = /^\/interaction\/(?<uid>[\w-]+)(?:\/(?<step>login|consent|abort))?$/;

/** A name and a password are short; whoever sends more is not a person at the form. */
const FORM_LIMIT = 4096;

/**
 * The pages need no request-forgery token of their own: each interaction's cookie is bound to its own path, which cannot
 * be guessed, and SameSite=Lax keeps it out of another site's form posts.
 *
 * @param {import("oidc-provider").default} provider
 */
export function interactions(provider) {
  return async (/** @type {any} */ context, /** @type {() => Promise<void>} */ next) => {
    const route = ROUTE.exec(context.path)?.groups;
    if (!route) return next();

    context.set("Cache-Control", "no-store");
    let interaction;
    try {
      interaction = await provider.interactionDetails(context.req, context.res);
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error;
      sendPage(
        context,
        400,
        errorPage({ error: "session_not_found", description: "This sign-in has expired, or it belongs to another browser." }),
      );
      return;
    }

    const action = `${context.method} ${route.step ?? ""}`.trim();
    if (action === "GET" && interaction.prompt.name === "login") await showLogin(context, interaction);
    else if (action === "GET" && interaction.prompt.name === "consent") await showConsent(context, interaction);
    else if (action === "POST login" && interaction.prompt.name === "login") await login(context, interaction);
    else if (action === "POST consent" && interaction.prompt.name === "consent") await consent(context, interaction);
    else if (action === "POST abort") await abort(context);
    else sendPage(context, 404, errorPage({ error: "not_found", description: "There is no such step in this sign-in." }));
  };

  /** @param {any} context @param {any} interaction @param {{ username?: string, error?: string }} [before] */
  async function showLogin(context, interaction, before = {}) {
    const page = loginPage({
      uid: interaction.uid,
      clientName: await clientName(interaction),
      username: before.username ?? interaction.params.login_hint ?? "",
      error: before.error,
      testAccount,
    });
    sendPage(context, before.error ? 400 : 200, page);
  }

  /** @param {any} context @param {any} interaction */
  async function login(context, interaction) {
    const form = await readForm(context.req);
    if (!form) {
      sendPage(context, 413, errorPage({ error: "invalid_request", description: "The form is too large." }));
      return;
    }
    const username = form.get("username") ?? "";
    const accountId = verifyPassword(username, form.get("password") ?? "");
    if (!accountId) {
      await showLogin(context, interaction, {
        username,
        error: "That user name and password do not belong together. Check both and try again.",
      });
      return;
    }
    await finish(context, { login: { accountId } }, { mergeWithLastSubmission: false });
  }

  /** @param {any} context @param {any} interaction */
  async function showConsent(context, interaction) {
    const asked = interaction.prompt.details.missingOIDCScope ?? String(interaction.params.scope ?? "openid").split(" ");
    const page = consentPage({
      uid: interaction.uid,
      clientName: await clientName(interaction),
      accountName: displayName(interaction.session.accountId),
      scopes: asked.map((/** @type {string} */ scope) => ({
        scope,
        description: /** @type {Record<string, string>} */ (scopeDescriptions)[scope] ?? "Use",
      })),
    });
    sendPage(context, 200, page);
  }

  /** @param {any} context @param {any} interaction */
  async function consent(context, interaction) {
    const { details } = interaction.prompt;
    const grant =
      (interaction.grantId && (await provider.Grant.find(interaction.grantId))) ||
      new provider.Grant({ accountId: interaction.session.accountId, clientId: interaction.params.client_id });
    if (details.missingOIDCScope) grant.addOIDCScope(details.missingOIDCScope.join(" "));
    if (details.missingOIDCClaims) grant.addOIDCClaims(details.missingOIDCClaims);
    for (const [indicator, scopes] of Object.entries(details.missingResourceScopes ?? {})) {
      grant.addResourceScope(indicator, scopes.join(" "));
    }
    await finish(context, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  }

  /** @param {any} context */
  async function abort(context) {
    const result = { error: "access_denied", error_description: "The person chose not to sign in" };
    await finish(context, result, { mergeWithLastSubmission: false });
  }

  /** @param {any} context @param {any} result @param {{ mergeWithLastSubmission: boolean }} options */
  async function finish(context, result, options) {
    const returnTo = await provider.interactionResult(context.req, context.res, result, options);
    context.status = 303;
    context.redirect(returnTo);
  }

  /** @param {any} interaction */
  async function clientName(interaction) {
    const client = await provider.Client.find(interaction.params.client_id);
    return client?.clientName ?? interaction.params.client_id;
  }
}

/** @param {any} context @param {number} status @param {string} page */
function sendPage(context, status, page) {
  context.status = status;
  context.type = "html";
  context.body = page;
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @returns {Promise<URLSearchParams | null>} null where it is longer than a form can be
 */
async function readForm(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > FORM_LIMIT) return null;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}
