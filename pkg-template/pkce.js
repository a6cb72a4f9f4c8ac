// @ts-check
// "pixie-auth/pkce": a module of its own, small enough for every host to compile while the import waits.
import { bytes } from "pixie:embedded/pkce";
import { AuthError } from "pixie:auth-error";

const { memory, buffer, generate, challenge, verify, encode } = /** @type {any} */ (
  new WebAssembly.Instance(new WebAssembly.Module(bytes())).exports
);
const view = new Uint8Array(memory.buffer, buffer(), 384);
/** Where challenges lie in the buffer. */
const SECOND = 256;
/** What is encoded at once: a multiple of three bytes, so that the pieces join. */
const PIECE = 96;

const text = (/** @type {number} */ from, /** @type {number} */ length) =>
  String.fromCharCode(...view.subarray(from, from + length));

/** Writes ASCII, or says that the text is none or too long. */
const write = (/** @type {unknown} */ value, /** @type {number} */ at, /** @type {number} */ most) => {
  if (typeof value !== "string" || value.length > most) return false;
  for (let i = 0; i < value.length; i += 1) {
    const character = value.charCodeAt(i);
    if (character > 127) return false;
    view[at + i] = character;
  }
  return true;
};

/** Runs a call on the buffer and leaves nothing in it. @template T @param {() => T} call @returns {T} */
const wiped = (call) => {
  try {
    return call();
  } finally {
    view.fill(0);
  }
};

const fail = (/** @type {string} */ code, /** @type {string} */ message) => {
  throw new AuthError(code, "fix_config", message);
};

/** @param {{ length?: number }} [options] */
export function generatePkce({ length = 43 } = {}) {
  if (!Number.isInteger(length) || length < 43 || length > 128) fail("invalid_config", "length is a whole number from 43 to 128");
  return wiped(() => {
    crypto.getRandomValues(view.subarray(0, length));
    generate(length);
    return Object.freeze({
      codeVerifier: text(0, length),
      codeChallenge: text(SECOND, 43),
      codeChallengeMethod: "S256",
    });
  });
}

const checkMethod = (/** @type {string} */ method) => {
  if (method !== "S256" && method !== "plain") fail("invalid_config", "method is S256 or plain");
};

/** @param {string} codeVerifier @param {"S256" | "plain"} [method] */
export function codeChallenge(codeVerifier, method = "S256") {
  checkMethod(method);
  return wiped(() => {
    if (!write(codeVerifier, 0, 128) || !challenge(codeVerifier.length))
      fail("invalid_code_verifier", "a code_verifier is 43 to 128 characters of A-Z a-z 0-9 - . _ ~");
    return method === "plain" ? codeVerifier : text(SECOND, 43);
  });
}

/** @param {string} codeVerifier @param {string} challenge @param {"S256" | "plain"} [method] */
export function verifyPkce(codeVerifier, challenge, method = "S256") {
  codeChallenge(codeVerifier, method);
  return wiped(
    () =>
      write(codeVerifier, 0, 128) &&
      write(challenge, SECOND, 128) &&
      !!verify(codeVerifier.length, challenge.length, method === "plain"),
  );
}

/** @param {number} [bytes] */
export function randomToken(bytes = 32) {
  if (!Number.isInteger(bytes) || bytes < 1) fail("invalid_config", "bytes is a whole number from 1");
  let token = "";
  for (; bytes > 0; bytes -= PIECE)
    token += wiped(() => {
      const length = Math.min(bytes, PIECE);
      crypto.getRandomValues(view.subarray(0, length));
      return text(0, encode(length));
    });
  return token;
}

export { AuthError } from "pixie:auth-error";
