// @ts-check
// What windows may ask of the client in the main process: a few calls, each by a top frame of the app's own origin.
import { AuthError } from "pixie:auth-error";
import { CALLS, CHANNEL, EVENTS } from "./bridge.js";

/** What `new URL` does not give for schemes of an app's own. @param {string} url */
function originOf(url) {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  } catch {
    return "";
  }
}

/** An error as data. @param {any} error */
function told(error) {
  if (!(error instanceof AuthError)) return { code: "invalid_config", action: "fix_config", message: "invalid_config: an option is missing or wrong" };
  const { code, action, retryable, message, oauthError, oauthErrorDescription, status } = /** @type {any} */ (error);
  return { code, action, retryable, message, oauthError, oauthErrorDescription, status };
}

/** @param {any} detail of an event */
const plain = (detail) => ({ ...detail, ...(detail.error && { error: told(detail.error) }) });

/**
 * What each call does. `begun` are this window's sign-ins under way, by the numbers that it gave them.
 * @type {Record<string, (auth: import("./main.js").ElectronAuth, argument: any, begun: Map<unknown, AbortController>) => unknown>}
 */
const PERFORM = {
  open: ({ client }) => client.metadata,
  async signIn(auth, { number, options }, begun) {
    const controller = new AbortController();
    begun.set(number, controller);
    try {
      return await auth.signIn({ ...options, signal: controller.signal });
    } finally {
      if (begun.get(number) === controller) begun.delete(number);
    }
  },
  abortSignIn: (auth, number, begun) => begun.get(number)?.abort(),
  signOut: (auth, options) => auth.signOut(options),
  revoke: ({ client }) => client.revoke(),
  getSession: ({ client }) => client.getSession(),
  getAccessToken: ({ client }, options) => client.getAccessToken(options),
  refresh: ({ client }) => client.refresh(),
  startAutoRefresh: ({ client }) => client.startAutoRefresh(),
  stopAutoRefresh: ({ client }) => client.stopAutoRefresh(),
  userInfo: ({ client }) => client.userInfo(),
  authorize: (auth, detail) => auth.authorize(detail),
};

/**
 * @param {any} electron
 * @param {string[]} origins whose pages may ask
 * @param {Promise<import("./main.js").ElectronAuth>} opened
 * @returns {() => void} ends it
 */
export function serveWindows({ ipcMain }, origins, opened) {
  /** Those that have asked, and so are told, with their sign-ins. @type {Map<any, Map<unknown, AbortController>>} */
  const windows = new Map();
  const answer = async (/** @type {any} */ { sender, senderFrame }, /** @type {string} */ name, /** @type {any} */ argument) => {
    // There is none where it has gone meanwhile.
    if (senderFrame?.parent !== null || !origins.includes(originOf(senderFrame.url))) return { error: told(new AuthError("origin_not_allowed", "fix_config", "no token is sent there: see allowedOrigins")) };
    if (!windows.has(sender)) {
      windows.set(sender, new Map());
      sender.once("destroyed", () => windows.delete(sender));
    }
    try {
      const call = CALLS.includes(name) ? PERFORM[name] : undefined;
      if (!call) throw new TypeError(name);
      return { value: await call(await opened, argument, windows.get(sender) ?? new Map()) };
    } catch (error) {
      return { error: told(error) };
    }
  };
  try {
    ipcMain.handle(CHANNEL, answer);
  } catch (cause) {
    // Electron's: there is a handler already.
    throw Object.assign(new AuthError("invalid_config", "fix_config", "an option is missing or wrong: one ElectronAuth at a time"), { cause });
  }
  let isOver = false;
  /** @type {(() => void)[]} */
  const ends = [() => ipcMain.removeHandler(CHANNEL), () => void (isOver = true)];
  opened.then(({ client }) => {
    for (const name of isOver ? [] : EVENTS) {
      ends.push(client.on(name, (/** @type {any} */ detail) => {
        for (const window of windows.keys()) {
          try {
            // It may have gone elsewhere since it asked.
            if (!window.isDestroyed() && origins.includes(originOf(window.getURL()))) window.send(CHANNEL, name, plain(detail));
          } catch {
            // One that has crashed hears nothing; the others do.
          }
        }
      }));
    }
  }, () => {});
  return () => {
    for (const end of ends) end();
  };
}
