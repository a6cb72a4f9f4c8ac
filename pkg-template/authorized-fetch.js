// @ts-check
// `AuthClient.fetch`. What a request carries, where it may go and whether it is sent again is the core's to say: this
// asks it before each try, and performs.

/** What the core says of one try. @typedef {{ authorization: string, proof?: string, sent?: string, step: number }} Carried */

/**
 * What comes of a promise, unless the program's signal comes first.
 * @template T
 * @param {AbortSignal | null | undefined} signal @param {Promise<T>} promise @returns {Promise<T>}
 */
function heeding(signal, promise) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/**
 * Whether the host carries `Authorization` along a redirect to another origin, against what Fetch says now (§4.4, "HTTP-redirect
 * fetch", step 13). Of the browsers that this package runs in, Chromium did, before 119.
 */
const carriesAlong =
  // @ts-ignore: Chromium alone has it.
  globalThis.navigator?.userAgentData?.brands.some(({ brand, version }) => brand === "Chromium" && version < 119);

/** A stream is read once. @param {any} body */
const isStream = (body) => !!(body?.getReader || body?.[Symbol.asyncIterator]);

/** Where the host would send it: as a whole request says, but sooner. @param {string | URL} input */
const absolute = (input) => new URL(input, globalThis.document?.baseURI ?? globalThis.location?.href).href;

const letGo = (/** @type {{ body?: ReadableStream | null } | undefined} */ what) => void what?.body?.cancel?.().catch(() => {});

/**
 * @param {(detail: object) => Promise<Carried | undefined>} ask the core's `authorize`: gives what to carry, or nothing
 * where the last answer stands
 * @param {typeof fetch | undefined} own the program's
 * @param {any} input @param {any} [init]
 * @returns {Promise<Response>}
 */
export async function authorizedFetch(ask, own, input, init) {
  const isRequest = typeof input?.clone === "function";
  const replayable = !isStream(init?.body);
  // A request takes its body along: this one is the program's from now on, as fetch's own would be.
  const whole = isRequest ? new Request(input, init) : undefined;
  // Without the body, which is not to be read here. The host says where it leads, as it does for fetch.
  const { url, method } = whole ?? (init?.method ? new Request(input, { method: init.method }) : { url: absolute(input), method: "GET" });
  const signal = whole ? whole.signal : init?.signal;
  const guard = carriesAlong ? { redirect: /** @type {const} */ ("error") } : undefined;

  /** @param {Carried} carried */
  const send = ({ authorization, proof }) => {
    const one = whole && (replayable ? whole.clone() : whole);
    const headers = one ? one.headers : new Headers(init?.headers);
    headers.set("Authorization", authorization);
    headers.delete("DPoP");
    if (proof) headers.set("DPoP", proof);
    return one ? (own ?? fetch)(one, guard) : (own ?? fetch)(input, { ...init, headers, ...guard });
  };

  const asked = { url, method, page: globalThis.location?.origin, replayable };
  /** @type {any} */
  let detail = asked;
  /** @type {Response | undefined} */
  let response;
  try {
    for (;;) {
      const carried = await heeding(signal, ask(detail));
      if (!carried) return /** @type {Response} */ (response);
      // Nobody will read it, and its connection is wanted.
      letGo(response);
      response = await send(carried);
      const nonce = response.headers?.get("DPoP-Nonce") ?? undefined;
      detail = { ...asked, ...carried, status: response.status, at: response.redirected ? response.url : undefined, nonce };
      if (response.status !== 401) {
        // It may be wanted by the next request. Whatever comes of that, this one's answer is here.
        if (nonce) ask(detail).catch(() => {});
        return response;
      }
    }
  } finally {
    if (replayable) letGo(whole);
  }
}
