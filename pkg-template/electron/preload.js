// @ts-check
// "pixie-auth/electron/preload": the few calls that a page of the app has of the client in the main process. Which page may
// make them is looked at there, for each.
const { contextBridge, ipcRenderer } = require("electron");

const CHANNEL = "pixie-auth";
const EVENTS = ["signedIn", "refreshed", "refreshDelayed", "signedOut"];

/** @param {string} name */
const call = (name) => (/** @type {unknown} */ argument) => ipcRenderer.invoke(CHANNEL, name, argument);

contextBridge.exposeInMainWorld("pixieAuth", {
  open: call("open"),
  signIn: call("signIn"),
  signOut: call("signOut"),
  getSession: call("getSession"),
  getAccessToken: call("getAccessToken"),
  refresh: call("refresh"),
  userInfo: call("userInfo"),
  authorize: call("authorize"),
  /** @param {(name: string, detail: unknown) => void} listener */
  listen(listener) {
    ipcRenderer.on(CHANNEL, (/** @type {unknown} */ _, /** @type {string} */ name, /** @type {unknown} */ detail) => {
      if (EVENTS.includes(name)) listener(name, detail);
    });
  },
});
