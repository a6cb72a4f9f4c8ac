// @ts-check
// What the system's browser shows when a sign-in has come back to the app.

/** @type {Record<string, string>} */
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>"']/g, (character) => ESCAPES[character]);

/**
 * @param {object} outcome
 * @param {boolean} outcome.isRefused whether the server said no
 * @param {string} outcome.appName
 * @returns {string} HTML
 */
export function landingPage({ isRefused, appName }) {
  const [title, text] = isRefused
    ? ["The sign-in was not completed", `Close this tab, and go back to ${appName} to see why or to try again.`]
    : ["You can go back now", `Close this tab, and go on in ${appName}.`];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
:root { color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif; }
body { display: grid; place-content: center; min-height: 90vh; margin: 0; padding: 2rem; text-align: center; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
p { margin: 0; opacity: .75; }
svg { width: 3.5rem; height: 3.5rem; margin: 0 auto 1.25rem; }
</style>
</head>
<body>
<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><circle cx="12" cy="12" r="10"/><path d="${isRefused ? "M8 8l8 8M16 8l-8 8" : "M7.5 12.5l3 3 6-7"}"/></svg>
<h1>${title}</h1>
<p>${escaped(text)}</p>
</body>
</html>
`;
}
