// @ts-check
// "pixie-auth/electron/preload": the few calls that a page of the app has of the client in the main process. Which page may
// make them is looked at there, for each.
import { CALLS, CHANNEL, EVENTS } from "./bridge.js";
const { contextBridge, ipcRenderer } = require("electron");

/** @param {string} name */
const call = (name) => (/** @type {unknown} */ argument) => ipcRenderer.invoke(CHANNEL, name, argument);

contextBridge.exposeInMainWorld("pixieAuth", {
  ...Object.fromEntries(CALLS.map((name) => [name, call(name)])),
  /** @param {(name: string, detail: unknown) => void} listener @returns {() => void} ends it */
  listen(listener) {
    const hear = (/** @type {unknown} */ _, /** @type {string} */ name, /** @type {unknown} */ detail) => {
      if (EVENTS.includes(name)) listener(name, detail);
    };
    ipcRenderer.on(CHANNEL, hear);
    return () => void ipcRenderer.off(CHANNEL, hear);
  },
});
