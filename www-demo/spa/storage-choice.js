// @ts-check
// Where the session is kept. The choice outlives the page; the session may not.

import { byId } from "./dom.js";

const KEY = "pixie-auth-demo.storage";
const CHOICES = /** @type {const} */ (["memory", "session", "local"]);

/** @typedef {(typeof CHOICES)[number]} StorageChoice */

/** @returns {StorageChoice} */
export function storageChoice() {
  return CHOICES.find((choice) => choice === kept()) ?? "session";
}

/** A browser that keeps nothing for this site throws here; then nothing can be kept either, sessions included. */
function kept() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return "memory";
  }
}

/** @param {(choice: StorageChoice) => unknown} listener */
export function onStorageChoice(listener) {
  // In a window of Electron's the main process keeps the session, and nothing is to be chosen.
  byId("storage-card").hidden = "pixieAuth" in globalThis;
  for (const radio of byId("storage").elements) {
    radio.checked = radio.value === storageChoice();
    radio.addEventListener("change", () => {
      localStorage.setItem(KEY, radio.value);
      listener(radio.value);
    });
  }
}
