// @ts-check
// An ID token verified, with the server's keys at hand, in Chromium.
import { launch } from "./browser.mjs";
import { contest, PACE, prepared } from "./contest.mjs";

export const title = "An ID token verified, its key known, in microseconds";

export async function run() {
  const browser = await launch();
  try {
    for (const algorithm of ["RS256", "ES256"]) {
      const page = await prepared(browser, "verification-contenders.js", algorithm);
      await contest(`${algorithm} in Chromium ${browser.version()}`, page);
      await check(page);
      await page.close();
    }
    console.log(`${PACE}\nBut for the last, each sends a token request to a function that answers at once, and reads the answer.`);
  } finally {
    await browser.close();
  }
}

/** Whoever does not look could be fast. @param {Awaited<ReturnType<typeof prepared>>} page */
async function check({ held, names }) {
  const subjects = () => Promise.all(names.map((name) => held.evaluate(({ contenders }, one) => contenders[one]().then((/** @type {any} */ claims) => claims.sub, () => "refused"), name)));
  const given = await subjects();
  await held.evaluate(({ forge }) => forge());
  const forged = await subjects();
  for (const [index, name] of names.entries()) {
    if (given[index] !== "a-user-of-the-benchmark") throw new Error(`${name} gave ${given[index]}`);
    if (forged[index] !== "refused") throw new Error(`${name} took a forged token`);
  }
}
