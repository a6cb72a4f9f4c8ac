// @ts-check
// The table of the conformance modules: what was not played, or came out otherwise, is not counted as right.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Conformance } from "./conformance.mjs";

test("report_counts_what_was_not_played_as_different_and_what_is_not_applicable_apart", () => {
  const conformance = new Conformance();
  /** @type {string[]} */
  const registered = [];
  conformance.register((name) => registered.push(name), {
    name: "plan",
    modules: [
      { name: "good" },
      { name: "bad", expects: "id_token_nonce" },
      { name: "later", expects: "id_token_issuer", by: "refresh" },
      { name: "other", notApplicable: "a public client has no secret" },
    ],
  });
  assert.deepEqual(registered, ["good", "bad", "later"]);
  const lines = conformance.report().split("\n");
  assert.equal(lines.at(-1), "conformance: 3 modules, 3 differ");
  assert.match(conformance.report(), /bad +id_token_nonce by handleCallback +not played +← differs/);
  assert.match(conformance.report(), /later +id_token_issuer by refresh/);
  assert.match(conformance.report(), /other +not applicable +not applicable: a public client has no secret$/m);
});
