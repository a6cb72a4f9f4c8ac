// @ts-check
// The demo as a whole: the authorization server and the application's own server, told of each other.
// Run directly, it prints where to go; imported, it gives the end-to-end tests something real to drive.

import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startAuthorizationServer } from "./authorization-server.mjs";
import { listenOnLoopback } from "./loopback-listener.mjs";
import { createStaticServer } from "./static-server.mjs";

const CLIENT_ID = "pixie-auth-demo";
const SCOPE = "openid profile email";
const ELECTRON_CLIENT_ID = "pixie-auth-demo-electron";
const PAGE_FOLDER = fileURLToPath(new URL("../spa/", import.meta.url));
const PACKAGE_FOLDER = fileURLToPath(new URL("../../pkg/", import.meta.url));

/**
 * @typedef {object} Demo
 * @property {string} url
 * @property {string} issuer
 * @property {{ username: string, password: string }} account
 * @property {{ issuer: string, clientId: string, scope: string }} electron The Electron app's configuration, where it was asked for.
 * @property {import("./authorization-server.mjs").AuthorizationServer} authorizationServer
 * @property {() => Promise<void>} close
 */

/**
 * @param {object} [options]
 * @param {number} [options.port] The application's. Default 0: any free one. A wanted port that is taken gives way to the next free one.
 * @param {number} [options.issuerPort] The authorization server's, by the same rule.
 * @param {boolean} [options.electron] Whether the Electron app (www-demo/electron) is registered, too. Default false.
 * @param {string} [options.packageFolder] Default: pkg/ of this repository.
 * @param {number} [options.accessTokenTtl] This and the rest: see startAuthorizationServer.
 * @param {number} [options.refreshTokenTtl]
 * @param {boolean} [options.rotate]
 * @param {boolean} [options.requireConsent]
 * @param {number} [options.tokenDelay]
 * @param {number} [options.clockTolerance]
 * @param {string[]} [options.allowedOrigins]
 * @param {(request: import("./token-request-log.mjs").TokenRequest) => void} [options.onTokenRequest]
 * @returns {Promise<Demo>}
 */
export async function startDemo(options = {}) {
  const { port = 0, issuerPort = 0, packageFolder = PACKAGE_FOLDER, electron = false, allowedOrigins, ...serverOptions } = options;
  if (!existsSync(join(packageFolder, "index.js"))) {
    throw new Error(`the package is not built: ${packageFolder} holds no index.js; run "npm run build" first`);
  }

  // The application's port comes first, as its redirect URIs are registered at the authorization server.
  const listener = await listenOnLoopback({ host: "localhost", port });
  const url = listener.origin;
  try {
    const authorizationServer = await startAuthorizationServer({
      ...serverOptions,
      port: issuerPort,
      clients: [
        {
          clientId: CLIENT_ID,
          clientName: "pixie-auth demo",
          redirectUris: [`${url}/callback`],
          postLogoutRedirectUris: [`${url}/logged-out`],
          allowedOrigins,
        },
        // Whatever port is free at the time: RFC 8252 §7.3.
        ...(electron
          ? [{ clientId: ELECTRON_CLIENT_ID, clientName: "pixie-auth demo for Electron", redirectUris: ["http://127.0.0.1/callback"], allowedOrigins: ["app://demo"], metadata: { application_type: "native" } }]
          : []),
      ],
    });
    try {
      const { issuer, account } = authorizationServer;
      listener.serve(
        await createStaticServer({
          pageFolder: PAGE_FOLDER,
          packageFolder,
          config: { issuer, clientId: CLIENT_ID, scope: SCOPE },
        }),
      );
      return {
        url,
        issuer,
        account,
        electron: { issuer, clientId: ELECTRON_CLIENT_ID, scope: SCOPE },
        authorizationServer,
        close: async () => {
          await Promise.all([listener.close(), authorizationServer.close()]);
        },
      };
    } catch (error) {
      await authorizationServer.close();
      throw error;
    }
  } catch (error) {
    await listener.close();
    throw error;
  }
}

const program = process.argv[1];
if (program && existsSync(program) && realpathSync(program) === fileURLToPath(import.meta.url)) {
  const demo = await startDemo({
    port: 5180,
    issuerPort: 5190,
    onTokenRequest: ({ at, grantType, outcome }) =>
      console.log(`${new Date(at).toLocaleTimeString()}  token request  ${grantType}  ${outcome}`),
  });
  console.log(`
  pixie-auth demo

    Open       ${demo.url}
    Account    ${demo.account.username} / ${demo.account.password}
    Issuer     ${demo.issuer}

  Access tokens last a minute here, so that you can watch them being replaced. Ctrl+C stops both servers.
`);
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
    process.once(signal, async () => {
      await demo.close();
      process.exit(0);
    });
  }
}
