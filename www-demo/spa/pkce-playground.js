// @ts-check
// The small entry on its own: it is imported, and the next line has a pair. It knows nothing of the session beside it.

import { generatePkce } from "pixie-auth/pkce";
import { byId } from "./dom.js";

const length = byId("pkce-length");

function showNewPair() {
  const pair = generatePkce({ length: Number(length.value) });
  byId("pkce-verifier").textContent = pair.codeVerifier;
  byId("pkce-challenge").textContent = pair.codeChallenge;
  byId("pkce-length-value").textContent = length.value;
}

showNewPair();
byId("pkce-new").addEventListener("click", showNewPair);
length.addEventListener("input", showNewPair);

byId("pkce-subtle").textContent = globalThis.crypto?.subtle
  ? "available"
  : "missing, as this is not a secure context";
