// @ts-check
// What passes between the main process and a window, by its names: both sides have them from here.

export const CHANNEL = "pixie-auth";

/** What a window may ask. */
export const CALLS = ["open", "signIn", "abortSignIn", "signOut", "revoke", "getSession", "getAccessToken", "refresh", "startAutoRefresh", "stopAutoRefresh", "userInfo", "authorize"];

/** What it is told. */
export const EVENTS = ["signedIn", "refreshed", "refreshDelayed", "signedOut"];
