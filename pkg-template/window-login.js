// @ts-check
// `loginPopup` and `loginSilent`: a login in another window, a popup or a hidden frame. That comes back to the redirect URI, and
// its address there is brought to the page that waits, which spends the code. Two ways, as neither is always there: the page
// looks where the window is, which it may where both are of one origin and the browser has not parted them
// (Cross-Origin-Opener-Policy of any page on the way); and the program in the window, which calls `handleCallback` as
// everywhere, hands its address over a channel of the login's, which browsers part by origin and top-level site.
import { AuthError } from "pixie:auth-error";

/** Milliseconds between two looks. */
const LOOK = 100;
/** So many looks in a row at a window that is closed, from a page that has the focus: then nothing is on its way any more. */
const CLOSED = 10;
/** Milliseconds in which a page that waits answers. */
const ANSWER = 3000;

/** The logins that this page waits for, by their states. @type {Set<unknown>} */
const awaited = new Set();

/** @param {string} url */
const stateOf = (url) => new URLSearchParams(url.split("#")[0].split("?")[1]).get("state");

/** What a login's windows tell each other: a redirect, and that it is taken (`true`). @param {string | null} state */
const channelOf = (state) => new BroadcastChannel(`pixie-auth ${state}`);

/** Where a window is, as far as this page may know. @param {Window | null} window */
function addressOf(window) {
  try {
    return window?.location.href;
  } catch {
    // At a page of another origin.
  }
}

/** @param {string} url */
function hiddenFrame(url) {
  const frame = document.createElement("iframe");
  // Not `hidden`, which the page's own style may overrule.
  frame.style.display = "none";
  // Whatever the server's page does, it does not take this page elsewhere.
  frame.setAttribute("sandbox", "allow-forms allow-same-origin allow-scripts");
  frame.src = url;
  (document.body ?? document.documentElement).append(frame);
  return frame;
}

/**
 * @param {any} client @param {{ redirectUri: string, requestTimeout?: number }} config the client's
 * @param {AbortSignal} closing when the client is closed
 * @param {any} options
 * @param {Window | null} [popup] that the caller opened, and closes; a hidden frame where it is undefined
 */
export async function signIn(client, { redirectUri, requestTimeout = 15 }, closing, options, popup) {
  const home = new URL(redirectUri);
  if (home.origin !== globalThis.document?.location.origin) throw new AuthError("invalid_config", "fix_config", "an option is missing or wrong: redirectUri is not of this page's origin");
  if (popup === null) throw new AuthError("popup_blocked", "sign_in", "the browser did not open the window");

  const over = new AbortController();
  /** @type {(error: AuthError) => void} */
  let stop = () => {};
  const stopped = /** @type {Promise<never>} */ (new Promise((_, reject) => (stop = reject)));
  // It may come when nobody waits for it any more.
  stopped.catch(() => {});
  const heed = (/** @type {AbortSignal | undefined} */ signal, /** @type {AuthError} */ error) => {
    if (signal?.aborted) stop(error);
    signal?.addEventListener("abort", () => stop(error), { signal: over.signal });
  };
  heed(closing, new AuthError("client_closed", "fix_config", "this AuthClient was closed"));
  heed(options?.signal, new AuthError("aborted", "retry", "the caller's signal aborted it"));

  /** @type {HTMLIFrameElement | undefined} */
  let frame;
  /** @type {any} */
  let timer;
  let forget = () => {};
  try {
    const request = { ...options, appState: undefined, inWindow: true };
    if (popup === undefined) request.prompt = "none";
    const { url, state } = await Promise.race([stopped, client.createLoginUrl(request)]);

    /** @type {(url: string) => void} */
    let take = () => {};
    const taken = /** @type {Promise<string>} */ (new Promise((resolve) => (take = resolve)));
    const channel = channelOf(state);
    channel.onmessage = ({ data }) => {
      if (typeof data !== "string") return;
      channel.postMessage(true);
      take(data);
    };
    awaited.add(state);
    forget = () => {
      channel.close();
      awaited.delete(state);
    };

    if (popup) popup.location.replace(url);
    else {
      frame = hiddenFrame(url);
      timer = setTimeout(() => stop(new AuthError("timeout", "retry", "no answer in time")), Math.min(requestTimeout * 1000, 2 ** 31 - 1));
    }
    const window = popup ?? frame?.contentWindow ?? null;
    let closed = 0;
    const looking = setInterval(() => {
      const [address, query] = addressOf(window)?.split(/[?#]/) ?? [];
      if (address === home.origin + home.pathname && /(^|&)(state|code|error)=/.test(query)) take(`${address}?${query}`);
      // A window that was parted from this page looks closed, too. That somebody looks at this page again tells them apart,
      // or at least that they have left the other.
      closed = popup?.closed && document.hasFocus() ? closed + 1 : 0;
      if (closed > CLOSED) {
        // If it was only parted, they may go on there.
        const late = forget;
        forget = () => {};
        take = (redirect) => {
          client.handleCallback(redirect).then(late, late);
        };
        closing.addEventListener("abort", late);
        stop(new AuthError("popup_closed", "sign_in", "the window was closed"));
      }
    }, LOOK);
    over.signal.addEventListener("abort", () => clearInterval(looking));

    const redirect = await Promise.race([stopped, taken]);
    // Whoever sent the window back without this login's state may have another login's.
    if (stateOf(redirect) !== state) throw new AuthError("callback_state_unknown", "sign_in", "no login with this state");
    popup?.close();
    frame?.remove();
    over.abort();
    return (await client.handleCallback(redirect)).session;
  } finally {
    frame?.remove();
    clearTimeout(timer);
    over.abort();
    forget();
  }
}

/**
 * Hands a redirect to the page that waits for it. Then this window is of no use any more, and the promise is not kept. Where no
 * page answers, it is the caller's.
 * @param {string} url
 */
export async function handOver(url) {
  const state = stateOf(url);
  if (awaited.has(state) || !globalThis.document) return;
  const channel = channelOf(state);
  const isTaken = await new Promise((resolve) => {
    channel.onmessage = ({ data }) => data === true && resolve(true);
    setTimeout(resolve, ANSWER);
    channel.postMessage(url);
  });
  channel.close();
  if (!isTaken) return;
  globalThis.close();
  await new Promise(() => {});
}
