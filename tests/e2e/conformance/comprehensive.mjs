// @ts-check
// oidcc-client-test-plan: what it has beyond the plans for certification.

import assert from "node:assert/strict";

import { claims } from "./basic.mjs";

const OTHER_FLOW = "of the implicit and hybrid flows, which OAuth 2.1 leaves out";
const REQUEST_OBJECT = "request objects need a client's key; requests are pushed instead";

/** @type {import("../../support/conformance.mjs").Plan} */
export const comprehensive = {
  name: "oidcc-client-test-plan",
  modules: [
    { name: "oidcc-client-test-missing-aud", expects: "id_token_malformed", arrange: claims((all) => ({ ...all, aud: undefined })) },
    {
      name: "oidcc-client-test-invalid-chash",
      expects: "id_token_hash",
      arrange: ({ idTokens }) => {
        idTokens.hashes = ["at_hash", "c_hash"];
        idTokens.spoilsHashes = ["c_hash"];
      },
    },
    {
      name: "oidcc-client-test-invalid-athash",
      expects: "id_token_hash",
      arrange: ({ idTokens }) => {
        idTokens.hashes = ["at_hash", "c_hash"];
        idTokens.spoilsHashes = ["at_hash"];
      },
    },
    {
      name: "oidcc-client-test-invalid-sig-es256",
      expects: "id_token_signature",
      arrange: ({ idTokens }) => {
        idTokens.algorithm = "ES256";
        idTokens.signature = "flipped";
      },
    },
    {
      name: "oidcc-client-test-invalid-sig-hs256",
      expects: "id_token_algorithm",
      arrange: ({ idTokens }) => {
        idTokens.algorithm = "HS256";
        idTokens.hmacSecret = "spa";
        idTokens.signature = "flipped";
      },
    },
    {
      name: "oidcc-client-test-userinfo-bearer-header",
      play: async (scene) => {
        const session = await scene.signIn();
        await scene.userInfo();
        const [{ headers, query, body }] = scene.server.requestsTo("/userinfo", "GET");
        assert.deepEqual([headers.authorization, query, body], [`Bearer ${session.accessToken}`, {}, ""]);
      },
    },
    {
      name: "oidcc-client-test-mtls-endpoint-aliases",
      arrange: (server) => {
        server.announcesMtlsAliases = true;
      },
      // A page has no certificate: it keeps to the endpoints that need none.
      play: async (scene) => {
        await scene.signIn();
        await scene.userInfo();
        await scene.refresh();
        assert.deepEqual(scene.server.requests.filter(({ path }) => path.startsWith("/mtls/")), []);
      },
    },
    {
      // A client has to ask for it when it is registered (userinfo_signed_response_alg); what this one reads is JSON, which
      // TLS vouches for (OIDC Core §5.3.2).
      name: "oidcc-client-test-userinfo-signed",
      expects: "metadata_invalid",
      by: "userInfo",
      arrange: ({ userinfo }) => {
        userinfo.signed = true;
      },
      play: async (scene) => {
        await scene.signIn();
        assert.equal((await scene.userInfo()).sub, "alice");
      },
    },
    { name: "oidcc-client-test-userinfo-bearer-body", notApplicable: "the token goes into the header (RFC 6750 §2.1)" },
    { name: "oidcc-client-test-nonce-unless-code-flow", notApplicable: OTHER_FLOW },
    { name: "oidcc-client-test-missing-chash", notApplicable: OTHER_FLOW },
    { name: "oidcc-client-test-missing-athash", notApplicable: OTHER_FLOW },
    { name: "oidcc-client-test-form-post-error", notApplicable: "a page cannot be posted to" },
    { name: "oidcc-client-test-aggregated-claims", notApplicable: "claims are handed on as they came" },
    { name: "oidcc-client-test-distributed-claims", notApplicable: "claims are handed on as they came" },
    { name: "oidcc-client-test-discovery-webfinger-acct", notApplicable: "the issuer is configured" },
    { name: "oidcc-client-test-discovery-webfinger-url", notApplicable: "the issuer is configured" },
    { name: "oidcc-client-test-dynamic-registration", notApplicable: "the client is registered beforehand" },
    { name: "oidcc-client-test-request-uri-signed-rs256", notApplicable: REQUEST_OBJECT },
    { name: "oidcc-client-test-request-uri-signed-none", notApplicable: REQUEST_OBJECT },
  ],
};
