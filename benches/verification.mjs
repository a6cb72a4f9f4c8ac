// @ts-check
// An ID token verified, with the server's keys at hand, in Chromium.
import { launch } from "./browser.mjs";
import { contest, PACE, prepared } from "./contest.mjs";
import { middle, ratios } from "./rounds.mjs";

const WITHOUT = "pixie-auth, an answer without an ID token";

export const title = "An ID token verified, its key known, in microseconds";

export async function run() {
  const browser = await launch();
  try {
    for (const algorithm of ["RS256", "ES256"]) {
      const page = await prepared(browser, "verification-contenders.js", algorithm);
      const samples = await contest(`${algorithm} in Chromium ${browser.version()}`, page);
      console.log(alone(samples));
      await check(page);
      await page.close();
    }
    console.log(`${PACE}\nBut for those alone, each sends a token request to a function that answers at once, and reads the answer.`);
  } finally {
    await browser.close();
  }
}

/** What the ID token adds to a round of pixie-auth's, by what jose takes for one. @param {Map<string, number[]>} samples */
function alone(samples) {
  const times = (/** @type {string} */ name) => samples.get(name) ?? [];
  const without = times(WITHOUT);
  const added = times("pixie-auth").map((time, round) => time - without[round]);
  const { median } = middle(ratios(added, times("jwtVerify alone")));
  return `Verification alone: ${middle(added).median.toFixed(1)} µs, ${median.toFixed(2)} × jose's jwtVerify.`;
}

/** Whoever does not look could be fast. @param {Awaited<ReturnType<typeof prepared>>} page */
async function check({ held, names: all }) {
  const names = all.filter((name) => name !== WITHOUT);
  const subjects = () => Promise.all(names.map((name) => held.evaluate(({ contenders }, one) => contenders[one]().then((/** @type {any} */ claims) => claims.sub, () => "refused"), name)));
  const given = await subjects();
  await held.evaluate(({ forge }) => forge());
  const forged = await subjects();
  for (const [index, name] of names.entries()) {
    if (given[index] !== "a-user-of-the-benchmark") throw new Error(`${name} gave ${given[index]}`);
    if (forged[index] !== "refused") throw new Error(`${name} took a forged token`);
  }
}
