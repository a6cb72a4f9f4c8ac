// @ts-check
// The command line of npm start.
import { parseArgs } from "node:util";

export const DEFAULT_PORT = 5180;
/** Far enough from the page's port that its search for a free one does not meet this one. */
export const ISSUER_PORT = 5190;

export const USAGE = `npm start -- [--port N] [--open]

  --port N   the demo's port (${DEFAULT_PORT} where not given); a port in use gives way to the next free one
  --open     opens the demo in the default browser`;

/**
 * @param {readonly string[]} args
 * @returns {{ port: number, open: boolean, help: boolean }}
 */
export function startOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: { port: { type: "string" }, open: { type: "boolean" }, help: { type: "boolean" } },
  });
  const port = values.port === undefined ? DEFAULT_PORT : Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535 || values.port?.trim() === "") {
    throw new RangeError(`--port takes a number from 0 to 65535, not "${values.port}"`);
  }
  return { port, open: values.open ?? false, help: values.help ?? false };
}

/** What to say where the demo got another port than the one that was wanted; null where it got it. @param {number} wanted @param {string} url */
export function portNotice(wanted, url) {
  const got = Number(new URL(url).port);
  return wanted === 0 || got === wanted ? null : `Port ${wanted} is in use; the demo took ${got}, the next free one.`;
}
