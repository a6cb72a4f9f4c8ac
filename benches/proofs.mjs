// @ts-check
// A request with an access token and a DPoP proof, in Chromium.
import { createHash } from "node:crypto";
import { EmbeddedJWK, jwtVerify } from "jose";
import { launch } from "./browser.mjs";
import { contest, PACE, prepared } from "./contest.mjs";
import { HTU, TOKEN } from "./proofs-contenders.js";

export const title = "A request with a DPoP proof, in microseconds";

const ATH = createHash("sha256").update(TOKEN).digest("base64url");

/**
 * Whoever makes wrong proofs could make them fast: RFC 9449 §4.3, of two proofs for the same request.
 * @param {string} name @param {readonly (string | undefined)[]} proofs
 */
export async function check(name, proofs) {
  const ids = new Set();
  for (const proof of proofs) {
    const { payload } = await jwtVerify(proof ?? "", EmbeddedJWK, { typ: "dpop+jwt", algorithms: ["ES256"], requiredClaims: ["jti", "iat"], maxTokenAge: "1 minute" });
    const { htm, htu, ath, jti } = payload;
    if (htm !== "GET" || htu !== HTU || ath !== ATH || ids.has(jti)) throw new Error(`${name} made a proof of another request, or one twice`);
    ids.add(jti);
  }
}

export async function run() {
  const browser = await launch();
  try {
    const page = await prepared(browser, "proofs-contenders.js");
    for (const name of page.names.filter((one) => one !== "crypto.subtle.sign alone")) {
      const made = () => page.held.evaluate(({ contenders, sent }, one) => contenders[one]().then(sent), name);
      await check(name, [await made(), await made()]);
    }
    await contest(`in Chromium ${browser.version()}`, page);
    await page.close();
    console.log(`${PACE}\nBut for the last, each sends its request to a function that answers at once.`);
  } finally {
    await browser.close();
  }
}
