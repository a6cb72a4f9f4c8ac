// @ts-check
// The box that says where the demo is.

/** @param {readonly string[]} lines */
export function box(lines) {
  const width = Math.max(...lines.map((line) => line.length));
  const edge = "─".repeat(width + 4);
  return [`╭${edge}╮`, ...lines.map((line) => `│  ${line.padEnd(width)}  │`), `╰${edge}╯`].join("\n");
}

/** @param {{ url: string, issuer: string, account: { username: string, password: string } }} demo */
export function announcement({ url, issuer, account }) {
  return box([
    "",
    "The pixie-auth demo is running.",
    "",
    `Open       ${url}`,
    `Sign in    ${account.username}   password ${account.password}`,
    `Issuer     ${issuer}`,
    "",
    "Ctrl-C ends it.",
    "",
  ]);
}
