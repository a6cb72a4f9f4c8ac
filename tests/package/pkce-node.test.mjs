// @ts-check
// The entry "pixie-auth/pkce" in Node, against RFC 7636 and node:crypto's SHA-256.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { importInstalled, projectWithPackage } from "../support/packed-package.mjs";

const { AuthError, codeChallenge, generatePkce, randomToken, verifyPkce } = await importInstalled("pixie-auth/pkce");

const RFC_VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const RFC_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const PAIRS = 10_000;

/** @param {string} verifier */
function independentChallenge(verifier) {
  return createHash("sha256").update(verifier, "ascii").digest("base64url");
}

/**
 * Pearson's statistic of the counts against a uniform distribution over `categories`.
 * @param {Map<string, number>} counts
 * @param {number} categories
 * @param {number} total
 */
function chiSquare(counts, categories, total) {
  const expected = total / categories;
  let statistic = (categories - counts.size) * expected;
  for (const count of counts.values()) statistic += (count - expected) ** 2 / expected;
  return statistic;
}

/**
 * Ten standard deviations over the mean: an honest source never gets there, a biased one cannot stay below.
 * @param {number} categories
 */
function chiSquareBound(categories) {
  const degrees = categories - 1;
  return degrees + 10 * Math.sqrt(2 * degrees);
}

/**
 * @param {unknown} error
 * @param {string[]} codes
 */
function isAuthError(error, ...codes) {
  assert.ok(error instanceof Error, "an Error");
  assert.equal(error.name, "AuthError");
  const { code, action, retryable } = /** @type {any} */ (error);
  assert.ok(codes.includes(code), `code ${code} is ${codes.join(" or ")}`);
  assert.equal(action, "fix_config");
  assert.equal(retryable, false);
  return true;
}

test("codeChallenge_rfc7636_appendix_b_gives_its_challenge", () => {
  assert.equal(codeChallenge(RFC_VERIFIER), RFC_CHALLENGE);
  assert.equal(codeChallenge(RFC_VERIFIER, "S256"), RFC_CHALLENGE);
});

test("verifyPkce_rfc7636_appendix_b_is_true", () => {
  assert.equal(verifyPkce(RFC_VERIFIER, RFC_CHALLENGE), true);
  assert.equal(verifyPkce(RFC_VERIFIER, RFC_CHALLENGE, "S256"), true);
});

test("generatePkce_ten_thousand_pairs_verify_and_none_repeats", () => {
  const verifiers = new Set();
  for (let index = 0; index < PAIRS; index += 1) {
    const pair = generatePkce();
    assert.match(pair.codeVerifier, /^[A-Za-z0-9._~-]{43}$/);
    assert.equal(pair.codeChallengeMethod, "S256");
    assert.equal(pair.codeChallenge, independentChallenge(pair.codeVerifier));
    assert.equal(verifyPkce(pair.codeVerifier, pair.codeChallenge), true);
    verifiers.add(pair.codeVerifier);
  }
  assert.equal(verifiers.size, PAIRS);
});

test("generatePkce_every_length_of_the_rfc_is_given", () => {
  for (let length = 43; length <= 128; length += 1) {
    const pair = generatePkce({ length });
    assert.equal(pair.codeVerifier.length, length);
    assert.match(pair.codeVerifier, /^[A-Za-z0-9._~-]+$/);
    assert.equal(pair.codeChallenge, independentChallenge(pair.codeVerifier));
  }
});

for (const length of [43, 44, 128]) {
  test(`generatePkce_of_${length}_characters_is_unbiased_at_each_position`, () => {
    const verifiers = Array.from({ length: PAIRS }, () => generatePkce({ length }).codeVerifier);
    const pooled = /** @type {Map<string, number>} */ (new Map());
    const positions = Array.from({ length }, () => /** @type {Map<string, number>} */ (new Map()));
    for (const verifier of verifiers) {
      for (const [index, character] of [...verifier].entries()) {
        pooled.set(character, (pooled.get(character) ?? 0) + 1);
        positions[index].set(character, (positions[index].get(character) ?? 0) + 1);
      }
    }
    // 64 where a verifier is written in base64url, 66 where all unreserved characters are drawn from.
    const alphabet = pooled.size;
    assert.ok(alphabet >= 64, `${alphabet} characters are in use`);
    for (const [index, counts] of positions.entries()) {
      const statistic = chiSquare(counts, alphabet, PAIRS);
      assert.ok(statistic < chiSquareBound(alphabet), `position ${index}: chi-square ${statistic}`);
    }
    const statistic = chiSquare(pooled, alphabet, PAIRS * length);
    assert.ok(statistic < chiSquareBound(alphabet), `all positions together: chi-square ${statistic}`);
  });
}

test("generatePkce_no_options_or_empty_options_gives_43_characters", () => {
  assert.equal(generatePkce().codeVerifier.length, 43);
  assert.equal(generatePkce({}).codeVerifier.length, 43);
  assert.equal(generatePkce({ length: undefined }).codeVerifier.length, 43);
});

const badLengths = [42, 129, 0, -1, -43, NaN, Infinity, 43.5, 2 ** 32 + 43, "43x", null, {}];
for (const length of badLengths) {
  test(`generatePkce_length_${JSON.stringify(length) ?? String(length)}_${String(length)}_throws`, () => {
    assert.throws(
      () => generatePkce({ length: /** @type {any} */ (length) }),
      (error) => isAuthError(error, "invalid_config", "invalid_code_verifier"),
    );
  });
}

const badVerifiers = /** @type {[string, unknown][]} */ ([
  ["42_characters", "a".repeat(42)],
  ["129_characters", "a".repeat(129)],
  ["a_million_characters", "a".repeat(1_000_000)],
  ["a_space", `${"a".repeat(42)} `],
  ["a_plus", `${"a".repeat(42)}+`],
  ["a_slash", `${"a".repeat(42)}/`],
  ["padding", `${"a".repeat(42)}=`],
  ["a_line_break", `${"a".repeat(43)}\n`],
  ["a_nul", `${"a".repeat(43)}\0`],
  ["not_ascii", `${"a".repeat(42)}é`],
  ["not_ascii_whose_low_byte_is", `${"a".repeat(42)}\u0161`],
  ["an_astral_character", `${"a".repeat(42)}😀`],
  ["a_lone_surrogate", `${"a".repeat(42)}\ud83d`],
  ["empty", ""],
  ["undefined", undefined],
  ["null", null],
  ["a_number", 10 ** 42],
  ["an_array", ["a".repeat(43)]],
  ["an_object", { toString: () => "a".repeat(43) }],
]);
for (const [name, verifier] of badVerifiers) {
  test(`codeChallenge_verifier_with_${name}_throws_invalid_code_verifier`, () => {
    for (const method of [undefined, "S256", "plain"]) {
      assert.throws(
        () => codeChallenge(/** @type {any} */ (verifier), /** @type {any} */ (method)),
        (error) => {
          isAuthError(error, "invalid_code_verifier");
          // The message must not quote what may be a secret that was mistyped.
          assert.ok(!String(/** @type {Error} */ (error).message).includes("aaaa"), "the verifier is not quoted");
          return true;
        },
      );
    }
  });
}

test("codeChallenge_every_unreserved_character_and_both_bounds_are_taken", () => {
  const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  for (const verifier of [unreserved, "~".repeat(43), "-".repeat(128), ".".repeat(55), "_".repeat(56), "A".repeat(64)]) {
    assert.equal(codeChallenge(verifier), independentChallenge(verifier));
  }
});

test("codeChallenge_every_length_agrees_with_node_crypto", () => {
  // Lengths around 55, 56 and 119, 120 are where SHA-256's padding spills into another block.
  for (let length = 43; length <= 128; length += 1) {
    const { codeVerifier } = generatePkce({ length });
    assert.equal(codeChallenge(codeVerifier), independentChallenge(codeVerifier), `length ${length}`);
  }
});

test("codeChallenge_plain_gives_the_verifier_itself", () => {
  assert.equal(codeChallenge(RFC_VERIFIER, "plain"), RFC_VERIFIER);
});

test("codeChallenge_unknown_method_throws", () => {
  for (const method of ["s256", "SHA256", "", null, 256]) {
    assert.throws(
      () => codeChallenge(RFC_VERIFIER, /** @type {any} */ (method)),
      (error) => isAuthError(error, "invalid_config", "invalid_code_verifier"),
    );
  }
});

test("verifyPkce_plain_compares_the_verifier_itself", () => {
  assert.equal(verifyPkce(RFC_VERIFIER, RFC_VERIFIER, "plain"), true);
  assert.equal(verifyPkce(RFC_VERIFIER, RFC_CHALLENGE, "plain"), false);
  assert.equal(verifyPkce(RFC_VERIFIER, RFC_VERIFIER, "S256"), false);
});

test("verifyPkce_wrong_pair_is_false", () => {
  const other = generatePkce();
  assert.equal(verifyPkce(other.codeVerifier, RFC_CHALLENGE), false);
  assert.equal(verifyPkce(RFC_VERIFIER, other.codeChallenge), false);
  assert.equal(verifyPkce(RFC_VERIFIER, ""), false);
  assert.equal(verifyPkce(RFC_VERIFIER, `${RFC_CHALLENGE}=`), false);
  assert.equal(verifyPkce(RFC_VERIFIER, RFC_CHALLENGE.slice(0, -1)), false);
  assert.equal(verifyPkce(RFC_VERIFIER, `${RFC_CHALLENGE.slice(0, -1)}N`), false);
  assert.equal(verifyPkce(RFC_VERIFIER, `F${RFC_CHALLENGE.slice(1)}`), false);
  assert.equal(verifyPkce(RFC_VERIFIER, "é".repeat(43)), false);
});

test("randomToken_default_is_32_bytes_base64url_without_padding", () => {
  const token = randomToken();
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(Buffer.from(token, "base64url").length, 32);
});

test("randomToken_of_given_bytes_has_their_length", () => {
  for (const bytes of [1, 2, 3, 4, 16, 31, 32, 33, 48, 64]) {
    const token = randomToken(bytes);
    assert.match(token, /^[A-Za-z0-9_-]+$/);
    assert.equal(token.length, Math.ceil((bytes * 4) / 3));
    const decoded = Buffer.from(token, "base64url");
    assert.equal(decoded.length, bytes);
    assert.equal(decoded.toString("base64url"), token, "it is the canonical form");
  }
});

test("randomToken_ten_thousand_never_repeat", () => {
  assert.equal(new Set(Array.from({ length: PAIRS }, () => randomToken(16))).size, PAIRS);
});

test("randomToken_of_no_bytes_or_nonsense_throws", () => {
  for (const bytes of [0, -1, NaN, 1.5, Infinity, "x", null]) {
    assert.throws(
      () => randomToken(/** @type {any} */ (bytes)),
      (error) => isAuthError(error, "invalid_config"),
    );
  }
});

test("authError_of_the_pkce_entry_is_exported_and_matches", { skip: AuthError === undefined && "this entry exports no AuthError" }, () => {
  assert.throws(() => codeChallenge("short"), AuthError);
});

test("import_without_subtle_async_webassembly_or_fetch_gives_a_pair_in_the_next_statement", async (t) => {
  const project = await projectWithPackage({
    "bare.mjs": `
      Object.defineProperty(globalThis.crypto, "subtle", { value: undefined });
      globalThis.fetch = () => { throw new Error("fetch was called"); };
      for (const name of ["compile", "instantiate", "compileStreaming", "instantiateStreaming"]) {
        WebAssembly[name] = () => { throw new Error(name + " was called"); };
      }
      globalThis.moduleSizes = [];
      WebAssembly.Module = class extends WebAssembly.Module {
        constructor(bytes) { super(bytes); globalThis.moduleSizes.push(bytes.byteLength); }
      };
      // Runs before the importing module only if something in between awaits.
      Promise.resolve().then(() => { globalThis.awaited = true; });
    `,
    "main.mjs": `
      import "./bare.mjs";
      import { generatePkce } from "pixie-auth/pkce";
      const pair = generatePkce();
      console.log(JSON.stringify({
        pair, awaited: globalThis.awaited === true, subtle: typeof crypto.subtle, moduleSizes: globalThis.moduleSizes,
      }));
    `,
  });
  t.after(() => project.remove());
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(project.path, "main.mjs")]);
  const { pair, awaited, subtle, moduleSizes } = JSON.parse(stdout);
  assert.equal(stderr, "");
  assert.equal(subtle, "undefined");
  assert.equal(awaited, false, "nothing awaited between the import and the next statement");
  assert.equal(pair.codeChallenge, independentChallenge(pair.codeVerifier));
  assert.equal(moduleSizes.length, 1, "one WebAssembly module");
  assert.ok(moduleSizes[0] < 4096, `the module has ${moduleSizes[0]} bytes`);
});
