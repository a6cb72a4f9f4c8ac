// @ts-check
// Who listens on this machine, by the kernel's own list (Linux).

import { existsSync, readFileSync } from "node:fs";

const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];

/** The state of a socket that listens. */
const LISTEN = "0A";

/** The addresses of loopback as the tables have them: 127.0.0.1 and ::1. */
export const LOOPBACK = ["0100007F", "00000000000000000000000001000000"];

export const hasList = existsSync(TABLES[0]);

/** @returns {{ address: string, port: number }[]} */
export function listeners() {
  return TABLES.flatMap((file) => (existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(1) : []))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === LISTEN)
    .map(([, local]) => local.split(":"))
    .map(([address, port]) => ({ address, port: parseInt(port, 16) }));
}

/** The addresses at which somebody listens at a port. @param {number} port */
export const listeningAt = (port) => listeners().filter((one) => one.port === port).map(({ address }) => address);
