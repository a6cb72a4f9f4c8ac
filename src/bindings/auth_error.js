// @ts-check

/** What the package throws. It never carries a token, a code, a verifier or a response body. */
export class AuthError extends Error {
  /**
   * @param {string} code what happened: public and stable
   * @param {string} action what to do about it
   * @param {string} sentence for people
   * @param {string} [subject] what it is about
   * @param {string} [oauthError] the server's word
   * @param {string} [oauthErrorDescription] the server's sentence
   * @param {number} [status] the status of the server's answer
   */
  constructor(code, action, sentence, subject, oauthError, oauthErrorDescription, status) {
    super([code, sentence, subject, oauthError, oauthErrorDescription].filter(Boolean).join(": "));
    this.code = code;
    this.action = action;
    this.retryable = action === "retry";
    if (oauthError !== undefined) this.oauthError = oauthError;
    if (oauthErrorDescription !== undefined) this.oauthErrorDescription = oauthErrorDescription;
    if (status !== undefined) this.status = status;
  }
}
AuthError.prototype.name = "AuthError";
