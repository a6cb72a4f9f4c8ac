// @ts-check
// The OpenID Foundation's conformance modules for relying parties, as far as they concern a public client in a browser,
// against this repository's own server: every plan of tests/e2e/conformance, and a table of what came of it.

import { after, test } from "node:test";

import { closeBrowser } from "../support/browser.mjs";
import { Conformance } from "../support/conformance.mjs";
import { basic } from "./conformance/basic.mjs";
import { comprehensive } from "./conformance/comprehensive.mjs";
import { config } from "./conformance/config.mjs";
import { fapi2 } from "./conformance/fapi2.mjs";
import { logout } from "./conformance/logout.mjs";
import { refresh } from "./conformance/refresh.mjs";

const conformance = new Conformance();

after(async () => {
  await closeBrowser();
  console.log(`\n${conformance.report()}`);
});

for (const plan of [basic, config, refresh, logout, comprehensive, fapi2]) conformance.register(test, plan);
