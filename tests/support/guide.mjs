// @ts-check
// What a page of docs/ has its reader type and write.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { repositoryRoot } from "./packed-package.mjs";

/** @param {string} name the file's, in docs/ @returns {Promise<{ commands: string[], files: Record<string, string> }>} */
export async function guide(name) {
  const text = await readFile(join(repositoryRoot, "docs", name), "utf8");
  return {
    commands: [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block]) => block.trim().split("\n")),
    files: Object.fromEntries([...text.matchAll(/^\*\*`([\w.]+)`\*\*.*:\n\n```\w+\n([\s\S]*?)^```/gm)].map(([, file, block]) => [file, block])),
  };
}
