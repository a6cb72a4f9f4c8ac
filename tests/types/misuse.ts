// Mistakes that the types must catch: each line below an expectation has to be an error. Compiled, never run.

import { AuthClient, AuthError } from "pixie-auth";
import type { AuthErrorCode, Session } from "pixie-auth";
import { codeChallenge, generatePkce } from "pixie-auth/pkce";

// @ts-expect-error: clientId and redirectUri are required
await AuthClient.create({ issuer: "https://issuer.example" });
// @ts-expect-error: no such storage
await AuthClient.create({ issuer: "https://issuer.example", clientId: "spa", redirectUri: "https://app.example/", storage: "cookie" });
// @ts-expect-error: no such member
await AuthClient.create({ issuer: "https://issuer.example", clientId: "spa", redirectUri: "https://app.example/", clientSecret: "s" });
// @ts-expect-error: a client comes from create()
new AuthClient();

declare const client: AuthClient;
// @ts-expect-error: no such event
client.on("signedUp", () => {});
// @ts-expect-error: no such prompt
await client.login({ prompt: "maybe" });
// @ts-expect-error: a window's login gives the session, not what the page kept
(await client.loginPopup()).appState;
// @ts-expect-error: no such prompt
await client.loginSilent({ prompt: "maybe" });
// @ts-expect-error: minValidity is a number of seconds
await client.getAccessToken({ minValidity: "60" });
// @ts-expect-error: a token is for one resource
await client.getAccessToken({ resource: ["https://mail.example"] });
// @ts-expect-error: there may be no session
(await client.getSession()).accessToken;

declare const session: Session;
// @ts-expect-error: a session is a value that does not change
session.expiresAt = 0;

declare const error: AuthError;
// @ts-expect-error: codes are a closed union
export const code: "something_else" = error.code;
// @ts-expect-error: no such code
export const unknown: AuthErrorCode = "something_else";

// @ts-expect-error: no such method of transformation
codeChallenge("verifier", "S512");
// @ts-expect-error: a pair is a value that does not change
generatePkce().codeVerifier = "other";
// @ts-expect-error: no such way
await AuthClient.create({ issuer: "https://issuer.example", clientId: "spa", redirectUri: "https://app.example/", par: "sometimes" });
// @ts-expect-error: parameters are strings, or arrays of them
await client.grant("urn:x", { subject_token: 7 });
// @ts-expect-error: a grant has parameters
await client.grant("urn:x");
