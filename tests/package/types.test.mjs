// @ts-check
// The hand-written types, as a user's compiler reads them, and held to the design contract.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { importInstalled, packedPackage, projectWithPackage, repositoryRoot } from "../support/packed-package.mjs";

const CONTRACT = join(repositoryRoot, "..", "shared", "design", "contract.d.ts");
const TYPES = join(repositoryRoot, "tests", "types");

function compilerPath() {
  const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
  return join(dirname(manifest), "bin", "tsc");
}

/**
 * Compiles sources in a project of their own, so that nothing of this repository is in reach.
 * @param {import("node:test").TestContext} t
 * @param {string[]} sources names under tests/types
 * @param {{ compilerOptions: Record<string, unknown>, contract?: string }} options
 */
async function compile(t, sources, { compilerOptions, contract }) {
  const project = await projectWithPackage({});
  t.after(() => project.remove());
  await mkdir(join(project.path, "src"));
  for (const source of sources) await copyFile(join(TYPES, source), join(project.path, "src", source));
  if (contract !== undefined) await writeFile(join(project.path, "contract.d.ts"), contract);
  await writeFile(
    join(project.path, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        exactOptionalPropertyTypes: false,
        noUncheckedIndexedAccess: true,
        // The package's own declarations are what is under test.
        skipLibCheck: false,
        types: [],
        target: "es2022",
        lib: ["es2022", "dom", "dom.iterable"],
        ...(contract === undefined ? {} : { paths: { "pixie-auth-contract": ["./contract.d.ts"] } }),
        ...compilerOptions,
      },
      include: ["src"],
    }),
  );
  const { stdout, code } = await promisify(execFile)(process.execPath, [compilerPath(), "-p", project.path], { cwd: project.path })
    .then(({ stdout: output }) => ({ stdout: output, code: 0 }))
    .catch((error) => ({ stdout: String(error.stdout) + String(error.stderr), code: error.code }));
  return { stdout, code };
}

const RESOLUTIONS = [
  { module: "esnext", moduleResolution: "bundler" },
  { module: "nodenext", moduleResolution: "nodenext" },
];
for (const resolution of RESOLUTIONS) {
  test(`types_of_a_users_program_compile_with_${resolution.moduleResolution}`, async (t) => {
    const { stdout, code } = await compile(t, ["usage.ts"], { compilerOptions: resolution });
    assert.equal(code, 0, stdout);
  });

  test(`types_of_programs_for_electron_and_hybrid_apps_compile_with_${resolution.moduleResolution}`, async (t) => {
    const { stdout, code } = await compile(t, ["electron.ts", "capacitor.ts"], { compilerOptions: { ...resolution, lib: ["esnext", "dom", "dom.iterable"] } });
    assert.equal(code, 0, stdout);
  });

  test(`types_catch_a_users_mistakes_with_${resolution.moduleResolution}`, async (t) => {
    const { stdout, code } = await compile(t, ["misuse.ts"], { compilerOptions: resolution });
    assert.equal(code, 0, stdout);
  });
}

test("types_compile_with_exact_optional_property_types", async (t) => {
  const { stdout, code } = await compile(t, ["usage.ts"], {
    compilerOptions: { module: "esnext", moduleResolution: "bundler", exactOptionalPropertyTypes: true },
  });
  assert.equal(code, 0, stdout);
});

test("types_of_an_electron_main_process_in_commonjs_compile", async (t) => {
  const { stdout, code } = await compile(t, ["main-process.cts"], { compilerOptions: { module: "nodenext", moduleResolution: "nodenext" } });
  assert.equal(code, 0, stdout);
});

const hasContract = await access(CONTRACT).then(
  () => true,
  () => false,
);
if (!hasContract) console.log("SKIPPED: the design contract is not beside this repository; the types were not held to it.");

test("types_fit_the_contract", { skip: !hasContract && "the design contract is not beside this repository" }, async (t) => {
  const { stdout, code } = await compile(t, ["contract.ts"], {
    compilerOptions: { module: "esnext", moduleResolution: "bundler", lib: ["esnext", "dom", "dom.iterable"] },
    contract: await readFile(CONTRACT, "utf8"),
  });
  assert.equal(code, 0, stdout);
});

test("types_comparison_with_a_contract_that_differs_fails", { skip: !hasContract && "the design contract is not beside this repository" }, async (t) => {
  // A comparison that lets everything pass would be worth nothing.
  const contract = await readFile(CONTRACT, "utf8");
  const changes = [
    ["readonly expiresAt: number | null;", "readonly expiresAt: number;", "SessionReads"],
    ['"no_session" | ', "", "UnknownCodes"],
    ["refresh(): Promise<Session>;", "refresh(force: boolean): Promise<Session>;", "ClientTakes"],
    ["signedIn: Session;", "signedIn: { user: string };", "EventsReads"],
    ["clientId: string;", "clientId?: string;", "CreateTakes"],
  ];
  const spoilt = changes.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), `the contract says ${from}`);
    return text.replace(from, to);
  }, contract);
  const { stdout, code } = await compile(t, ["contract.ts"], {
    compilerOptions: { module: "esnext", moduleResolution: "bundler", lib: ["esnext", "dom", "dom.iterable"] },
    contract: spoilt,
  });
  assert.notEqual(code, 0);
  const source = (await readFile(join(TYPES, "contract.ts"), "utf8")).split("\n");
  for (const [, , name] of changes) {
    const line = source.findIndex((text) => text.includes(`type ${name} =`)) + 1;
    assert.match(stdout, new RegExp(`contract\\.ts\\(${line},`), `${name} was not noticed:\n${stdout}`);
  }
});

test("types_of_the_client_name_exactly_the_methods_that_exist", async () => {
  const { directory } = await packedPackage();
  const { AuthClient } = await importInstalled("pixie-auth");
  const declared = await readFile(join(directory, "index.d.ts"), "utf8");
  const body = /export (?:declare )?class AuthClient[^{]*\{([\s\S]*?)\n\}/.exec(declared)?.[1] ?? "";
  const names = new Set([...body.matchAll(/^ {2}(?:readonly )?([a-zA-Z]\w*)(?:<[^>]*>)?[(:]/gm)].map(([, name]) => name));
  names.delete("constructor");
  // A value of each client's own, not a method.
  assert.ok(names.delete("metadata"));
  const exists = new Set(Object.getOwnPropertyNames(AuthClient.prototype).filter((name) => !name.startsWith("_")));
  exists.delete("constructor");
  for (const internal of ["free"]) assert.ok(!exists.has(internal), `${internal} is no part of the public shape`);
  assert.deepEqual([...exists].sort(), [...names].sort());
  assert.equal(typeof AuthClient.prototype[Symbol.asyncDispose ?? Symbol.for("nodejs.asyncDispose")], "function");
});

test("types_folder_holds_only_compiled_sources", async () => {
  assert.deepEqual((await readdir(TYPES)).sort(), ["capacitor.ts", "contract.ts", "electron.ts", "main-process.cts", "misuse.ts", "usage.ts"]);
});
