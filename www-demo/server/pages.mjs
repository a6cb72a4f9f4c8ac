// @ts-check
// What a person sees of the authorization server. No page holds script or style of its own: the policy forbids both.

import { html, trustedHtml } from "./html.mjs";

const MARK = trustedHtml(
  `<svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">` +
    `<rect class="mark-tile" width="32" height="32" rx="9"/>` +
    `<path class="mark-star" d="M14.5 6c1 5.6 3.4 8 9 9-5.6 1-8 3.4-9 9-1-5.6-3.4-8-9-9 5.6-1 8-3.4 9-9Z"/>` +
    `<circle class="mark-dot" cx="24" cy="23.5" r="2.25"/></svg>`,
);

/**
 * @param {object} page
 * @param {string} page.title
 * @param {unknown} page.body
 * @param {unknown} [page.head]
 */
function layout({ title, body, head }) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="robots" content="noindex">
    <title>${title}</title>
    <link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/assets/pages.css">
    ${head}
  </head>
  <body>
    <main class="card">
      <p class="brand">${MARK}<span><span class="brand-name">pixie id</span> <span class="brand-note">test server</span></span></p>
      ${body}
    </main>
  </body>
</html>
`.toString();
}

/**
 * @param {object} page
 * @param {string} page.uid The interaction's.
 * @param {string} page.clientName
 * @param {string} page.username What was typed, or hinted, before.
 * @param {string} [page.error]
 * @param {{ username: string, password: string }} page.testAccount
 */
export function loginPage({ uid, clientName, username, error, testAccount }) {
  // After a wrong password the name stands, and the cursor waits where the mistake was.
  const focusPassword = username !== "";
  return layout({
    title: error ? "Sign-in failed" : "Sign in",
    body: html`
      <h1>Sign in</h1>
      <p class="lead">to continue to <strong>${clientName}</strong></p>
      ${error && html`<p class="error" role="alert" id="login-error">${error}</p>`}
      <form method="post" action="/interaction/${uid}/login">
        <div class="field">
          <label for="username">User name</label>
          <input id="username" name="username" type="text" value="${username}" autocomplete="username" autocapitalize="none"
            autocorrect="off" spellcheck="false" required ${invalid(error)} ${!focusPassword && trustedHtml("autofocus")}>
        </div>
        <div class="field">
          <label for="password">Password</label>
          <input id="password" name="password" type="password" autocomplete="current-password" required
            ${invalid(error)} ${focusPassword && trustedHtml("autofocus")}>
        </div>
        <button class="primary" type="submit">Sign in</button>
      </form>
      <form method="post" action="/interaction/${uid}/abort">
        <button class="quiet" type="submit">Cancel and go back</button>
      </form>
      <p class="hint">This server knows one person: user name <code>${testAccount.username}</code>, password
        <code>${testAccount.password}</code>.</p>`,
  });
}

/** @param {string | undefined} error */
function invalid(error) {
  return error !== undefined && trustedHtml(`aria-invalid="true" aria-describedby="login-error"`);
}

/**
 * @param {object} page
 * @param {string} page.uid The interaction's.
 * @param {string} page.clientName
 * @param {string} page.accountName
 * @param {{ scope: string, description: string }[]} page.scopes
 */
export function consentPage({ uid, clientName, accountName, scopes }) {
  return layout({
    title: "Allow access",
    body: html`
      <h1>Allow access?</h1>
      <p class="lead"><strong>${clientName}</strong> asks, on behalf of <strong>${accountName}</strong>, to:</p>
      <ul class="scopes">
        ${scopes.map(({ scope, description }) => html`<li><span>${description}</span> <code>${scope}</code></li>`)}
      </ul>
      <form method="post" action="/interaction/${uid}/consent">
        <button class="primary" type="submit" autofocus>Allow</button>
      </form>
      <form method="post" action="/interaction/${uid}/abort">
        <button class="quiet" type="submit">Deny</button>
      </form>`,
  });
}

/**
 * A client that proves by id_token_hint who asks is believed, and the page submits itself; anybody else's link to the
 * logout endpoint is a question to the person (OIDC RP-Initiated Logout 1.0 §2).
 * @param {object} page
 * @param {string} page.form oidc-provider's own form, with its request-forgery token.
 * @param {string | undefined} page.clientName
 * @param {boolean} page.submitsItself
 */
export function logoutPage({ form, clientName, submitsItself }) {
  return layout({
    title: "Sign out",
    head: submitsItself && html`<script src="/assets/submit-logout.js" defer></script>`,
    body: html`
      ${trustedHtml(form)}
      <h1>${submitsItself ? "Signing you out" : "Sign out?"}</h1>
      <p class="lead">${
        submitsItself
          ? html`One moment${clientName && html`, then back to <strong>${clientName}</strong>`}.`
          : html`This ends your session on this server.`
      }</p>
      <button class="primary" type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>`,
  });
}

export function signedOutPage() {
  return layout({
    title: "Signed out",
    body: html`
      <h1>You are signed out</h1>
      <p class="lead">Your session on this server has ended. You can close this page.</p>`,
  });
}

/**
 * @param {object} page
 * @param {string} page.error RFC 6749 §4.1.2.1, or one of this server's own.
 * @param {string | undefined} page.description
 */
export function errorPage({ error, description }) {
  return layout({
    title: "Something is wrong",
    body: html`
      <h1>This did not work</h1>
      <p class="lead">Go back to the application and start again.</p>
      <dl class="facts">
        <div><dt>Error</dt><dd><code>${error}</code></dd></div>
        ${description && html`<div><dt>Reason</dt><dd>${description}</dd></div>`}
      </dl>`,
  });
}

/** @param {{ issuer: string }} page */
export function homePage({ issuer }) {
  return layout({
    title: "Test authorization server",
    body: html`
      <h1>An authorization server for trying things</h1>
      <p class="lead">Sign-in starts at an application. What this server offers stands in its
        <a href="/.well-known/openid-configuration">metadata</a>.</p>
      <dl class="facts"><div><dt>Issuer</dt><dd><code>${issuer}</code></dd></div></dl>`,
  });
}
