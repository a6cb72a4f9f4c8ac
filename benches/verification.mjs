// @ts-check
// An ID token verified, with the server's keys at hand, in Chromium.
import { launch } from "./browser.mjs";
import { contest, PACE, prepared } from "./contest.mjs";
import { middle } from "./rounds.mjs";

/** Each one's work on an answer, and the same where there is nothing in the answer to verify. */
const WITHOUT = { "pixie-auth": "pixie-auth, an answer without an ID token", jose: "an answer without an ID token, read" };

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

/**
 * What the ID token adds to a round of pixie-auth's, by what it adds to one of jose's: both with a server's answer to
 * read, in the same page, and cold of the same work.
 * @param {Map<string, number[]>} samples
 */
function alone(samples) {
  const times = (/** @type {string} */ name) => samples.get(name) ?? [];
  const added = (/** @type {string} */ name, /** @type {string} */ without) => times(name).map((time, round) => time - times(without)[round]);
  const own = added("pixie-auth", WITHOUT["pixie-auth"]);
  const by = (/** @type {number[]} */ other) => `${middle(other).median.toFixed(1)} µs, ${(middle(own).median / middle(other).median).toFixed(2)} ×`;
  return [
    `Verification alone, what the ID token adds: pixie-auth ${middle(own).median.toFixed(1)} µs.`,
    `  jose, the server's set of keys: ${by(added("jose, the server's set of keys", WITHOUT.jose))}`,
    `  jose, its key at hand: ${by(added("jose, its key at hand", WITHOUT.jose))}`,
    `  jwtVerify again and again, nothing between: ${by(times("jwtVerify alone"))}`,
  ].join("\n");
}

/** Whoever does not look could be fast. @param {Awaited<ReturnType<typeof prepared>>} page */
async function check({ held, names: all }) {
  const names = all.filter((name) => !Object.values(WITHOUT).includes(name));
  const subjects = () => Promise.all(names.map((name) => held.evaluate(({ contenders }, one) => contenders[one]().then((/** @type {any} */ claims) => claims.sub, () => "refused"), name)));
  const given = await subjects();
  await held.evaluate(({ forge }) => forge());
  const forged = await subjects();
  for (const [index, name] of names.entries()) {
    if (given[index] !== "a-user-of-the-benchmark") throw new Error(`${name} gave ${given[index]}`);
    if (forged[index] !== "refused") throw new Error(`${name} took a forged token`);
  }
}
