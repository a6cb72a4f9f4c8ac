// @ts-check
// What the program is given: frozen data. Made here and not member by member from the module: the one call with
// all members is the smallest way over the border.

/** A session at one moment, and one question to ask of it. */
export class Session {
  /** @param {object} members */
  constructor(members) {
    Object.freeze(Object.assign(this, members));
  }

  /** @param {string[]} scopes */
  hasScope(...scopes) {
    // @ts-ignore: assigned in the constructor.
    return scopes.every((scope) => this.scope.includes(scope));
  }
}

/**
 * @param {string} accessToken
 * @param {number | undefined} expiresAt
 * @param {string} scope words separated by spaces
 * @param {string | undefined} idToken
 * @param {object | null} claims
 * @param {boolean} refreshable
 * @param {boolean} isBound
 */
export function session(accessToken, expiresAt, scope, idToken, claims, refreshable, isBound) {
  return new Session({
    accessToken,
    tokenType: isBound ? "DPoP" : "Bearer",
    expiresAt: expiresAt ?? null,
    scope: Object.freeze(scope.split(" ").filter(Boolean)),
    ...(idToken && { idToken }),
    claims,
    refreshable,
  });
}

/** @param {string} url @param {string} state */
export const loginUrl = (url, state) => ({ url, state });

/** `appState` is as text; the class reads it. @param {Session} session @param {string | undefined} appState */
export const callbackResult = (session, appState) => ({ session, appState });

/** What one try of `fetch` carries. @param {string} authorization @param {string | undefined} proof @param {string | undefined} sent @param {number} step */
export const authorized = (authorization, proof, sent, step) => ({ authorization, proof, sent, step });

/** @param {string | undefined} url */
export const logoutUrl = (url) => ({ url: url ?? null });

/** @param {Error} error @param {number} attempt @param {number} retryAt */
export const refreshDelayed = (error, attempt, retryAt) => ({ error, attempt, retryAt });

/** @param {string} reason @param {Error | undefined} error */
export const signedOut = (reason, error) => (error ? { reason, error } : { reason });
