// @ts-check
// Errors, as a person needs them: what happened, what to do about it, and a button that does it.

import { AuthError } from "pixie-auth";
import { byId, onPress } from "./dom.js";

/** What `error.action` means to the person in front of the page. */
const ADVICE = {
  retry: "This may pass. Wait a moment and try again.",
  sign_in: "Sign in again to go on.",
  fix_config: "The application's set-up has to be changed first; trying again will not help.",
  report: "This should not happen. Please tell whoever runs this application, with the code below.",
};

/** What the likelier codes mean, where the advice alone would leave a person wondering. */
const TITLES = {
  authorization_failed: "The server did not sign you in",
  callback_state_unknown: "This sign-in was not begun here",
  callback_issuer_mismatch: "The answer came from another server",
  callback_issuer_missing: "The answer does not say which server it comes from",
  callback_invalid: "The server's answer is not complete",
  discovery_failed: "The authorization server did not answer",
  insecure_context: "This page is not a secure context",
  logout_state_mismatch: "This sign-out was not begun here",
  network: "The authorization server cannot be reached",
  session_ended: "The server has ended your session",
  no_refresh_token: "This session cannot be refreshed",
  wasm_load_failed: "The WebAssembly module did not load",
};

/** @type {(() => unknown) | undefined} */
let again;
/** @type {(() => unknown) | undefined} */
let startAgain;

/**
 * @param {unknown} error
 * @param {object} [ways]
 * @param {() => unknown} [ways.retry] Does the same once more; offered where the error is retryable.
 * @param {() => unknown} [ways.signIn] Begins anew; offered where that is what helps.
 */
export function showError(error, { retry, signIn } = {}) {
  const { code, title, message, advice, retryable, needsSignIn } = describe(error);
  again = retryable ? retry : undefined;
  startAgain = needsSignIn ? signIn : undefined;

  byId("error-title").textContent = title;
  byId("error-message").textContent = message;
  byId("error-advice").textContent = advice;
  byId("error-code").textContent = code;
  byId("error-retry").hidden = again === undefined;
  byId("error-start-again").hidden = startAgain === undefined;
  byId("error").hidden = false;
  // The button that failed may be far down the page.
  byId("error").scrollIntoView({ block: "nearest" });
}

export function clearError() {
  byId("error").hidden = true;
}

/** @param {unknown} error */
function describe(error) {
  if (error instanceof AuthError) {
    return {
      code: error.code,
      title: titleOf(error),
      message: saidByServer(error) ?? sentence(error),
      advice: ADVICE[error.action],
      retryable: error.retryable,
      needsSignIn: error.action === "sign_in" || error.code.startsWith("callback_") || error.code === "authorization_failed",
    };
  }
  // Not the library's: a failed fetch of this page's own, or a mistake in this page. Neither is hidden.
  console.error(error);
  return {
    code: error instanceof Error ? error.name : "unknown",
    title: "Something went wrong",
    message: error instanceof Error ? error.message : String(error),
    advice: ADVICE.retry,
    retryable: true,
    needsSignIn: false,
  };
}

/** @param {AuthError} error */
function titleOf({ code, oauthError }) {
  // RFC 6749 §4.1.2.1: mostly the person's own choice, and nothing to be alarmed about.
  if (oauthError === "access_denied") return "The sign-in was cancelled";
  return /** @type {Record<string, string>} */ (TITLES)[code] ?? "Something went wrong";
}

/**
 * The library's messages are made for a log: the code, a colon, and what it means.
 * @param {AuthError} error
 */
function sentence({ code, message: line }) {
  const message = line.startsWith(`${code}: `) ? line.slice(code.length + 2) : line;
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.?!]$/.test(message) ? "" : "."}`;
}

/** @param {AuthError} error */
function saidByServer({ oauthError, oauthErrorDescription }) {
  if (!oauthError) return undefined;
  return oauthErrorDescription ? `The server says “${oauthErrorDescription}” (${oauthError}).` : `The server says “${oauthError}”.`;
}

onPress(byId("error-retry"), () => {
  const action = again;
  clearError();
  return action?.();
});
onPress(byId("error-start-again"), () => {
  const action = startAgain;
  clearError();
  return action?.();
});
byId("error-dismiss").addEventListener("click", () => {
  clearError();
  // The button that had the focus is gone; without this the next Tab would start at the top of the page.
  byId("main").focus();
});
