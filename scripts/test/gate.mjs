// @ts-check
// wasm-bindgen's test server can leave a connection unread for minutes when more than four come at once. This gate
// stands between it and the browser as an HTTP proxy, and holds two connections to it, whatever the browser opens.
import { Agent, createServer, request } from "node:http";

/**
 * @param {import("./vectors.mjs").Desk} [desk] What answers for some paths itself.
 * @returns {Promise<{ flags: string[], close: () => void }>} the browser's flags for it
 */
export async function openGate(desk) {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const gate = createServer((incoming, outgoing) => {
    if (desk?.answer(incoming, outgoing)) return;
    const onward = request(incoming.url ?? "", { method: incoming.method, headers: incoming.headers, agent }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  gate.on("connect", (_, socket) => socket.destroy());
  await new Promise((resolve) => gate.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (gate.address());
  return {
    flags: [`--proxy-server=http://127.0.0.1:${address.port}`, "--proxy-bypass-list=<-loopback>"],
    close: () => {
      agent.destroy();
      gate.closeAllConnections();
      gate.close();
    },
  };
}
