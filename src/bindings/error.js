// @ts-check
import { AuthError } from "./auth_error.js";

/**
 * The error with its sentence: what happened, what it is about, and the server's words.
 * @param {string} code
 * @param {string} action
 * @param {string} message
 * @param {string} subject
 * @param {string} [oauthError]
 * @param {string} [oauthErrorDescription]
 * @param {number} [status]
 */
export const authError = (code, action, message, subject, oauthError, oauthErrorDescription, status) =>
  new AuthError(
    code,
    action,
    [message, subject, oauthError, oauthErrorDescription].filter(Boolean).join(": "),
    oauthError,
    oauthErrorDescription,
    status,
  );
