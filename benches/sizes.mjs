// @ts-check
// What a page downloads for each client: a bundle of what signing in takes, after brotli.
import { grouped, table } from "../scripts/size/table.mjs";
import { weigh } from "../scripts/size/compression.mjs";
import { bundle, command, versioned } from "./bundles.mjs";
import { OAUTH4WEBAPI_SIGN_IN, OAUTH4WEBAPI_PKCE } from "./oauth4webapi.mjs";

export const title = "Bundles, after brotli";

/** @type {readonly { heading: string, note?: string, entries: readonly { name: string, entry: string }[] }[]} */
const GROUPS = [
  {
    heading: "signing in, and a session that is refreshed",
    note: "oauth4webapi makes and checks the messages; keeping, scheduling and sharing the session is left to the program.",
    entries: [
      { name: "pixie-auth", entry: 'export { AuthClient } from "pixie-auth"' },
      { name: "oidc-client-ts", entry: 'export { UserManager } from "oidc-client-ts"' },
      { name: "oauth4webapi", entry: OAUTH4WEBAPI_SIGN_IN },
    ],
  },
  {
    heading: "PKCE alone",
    note: "pixie-auth carries a SHA-256 of its own, for pages without crypto.subtle; the others need it.",
    entries: [
      { name: "pixie-auth", entry: 'export { generatePkce } from "pixie-auth/pkce"' },
      { name: "pkce-challenge", entry: 'export { default } from "pkce-challenge"' },
      { name: "oauth4webapi", entry: OAUTH4WEBAPI_PKCE },
    ],
  },
];

export async function run() {
  for (const { heading, note, entries } of GROUPS) {
    const rows = [];
    for (const { name, entry } of entries) {
      const { raw, gzip, brotli } = weigh(await bundle(entry));
      rows.push([versioned(name), grouped(raw), grouped(gzip), grouped(brotli)]);
    }
    console.log(`\n${table([heading, "raw", "gzip -9", "brotli 11"], rows)}`);
    if (note) console.log(note);
  }
  console.log("\nEach number under brotli is what this prints in the clone's root:");
  for (const { entry } of GROUPS.flatMap(({ entries }) => entries)) console.log(`  ${command(entry)}`);
}
