import assert from "node:assert/strict";
import { test } from "node:test";
import { FAR, inOrder, isOfGlue, mainImports, secondImports, shortened, standsAlone } from "./imports.mjs";
import { SECOND } from "./split.mjs";

const GLUE = `import { member, rare } from './snippets/json.js';
import { Timer } from './snippets/timer.js';
export function ask(a) { return wasm.ask(a); }
export const __wbg_member_1 = wrap("ro", member);
export const __wbg_rare_2 = wrap("rs", rare);
export const __wbg_new_3 = wrap("rn", (...args) => new Timer(...args));
export const __wbg_left_4 = wrap("vo", "left");
const wrap = (kinds, call) => call;
function getObject(index) { return heap[index]; }
let wasm;
`;
const GLUES = "./pixie_auth_bg.js";
const names = {
  imports: [[GLUES, "__wbg_member_1", "a"], ["./snippets/page.js", "isVisible", "b"], [SECOND, "first", "c"], [SECOND, "other", "d"]],
  exports: [["ask", "e"], ["<T as Drop>::drop(", "f"]],
};

test("shortened_exportsOfTheGlue_haveTheirShortNames", () => {
  assert.match(shortened(GLUE, names), /return wasm\.e\(a\)/);
});

test("mainImports_whatMainImports_isInItsArrayAndNowhereElse", () => {
  const text = mainImports(GLUE, names, { lent: [] });
  assert.match(text, /imports = \{ a: \[wrap\("ro", member\), direct1, \.\.\.Array/);
  assert.doesNotMatch(text, /__wbg_member_1/);
});

test("mainImports_whatTheSecondAloneOrNobodyCalls_isGone", () => {
  assert.doesNotMatch(mainImports(GLUE, names, { lent: [] }), /__wbg_(rare|new|left)/);
});

test("mainImports_whatTheSecondHas_throwsUntilItIsThere", async () => {
  const text = mainImports("const wrap = 1; let wasm = { main: true };\n", { ...names, imports: names.imports.slice(2) }, { lent: [] });
  const { imports, extend } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  assert.equal(imports.a.length, 2);
  assert.throws(() => imports.a[0](1), TypeError);
  await extend(async (...given) => ({ 0: (...values) => [given[0], values] }));
  const [wasm, values] = imports.a[0](1, 2);
  assert.deepEqual([wasm, values.filter((one) => one !== undefined)], [{ main: true }, [1, 2]]);
  assert.equal(values.length, FAR.length);
});

test("secondImports_itsOwn_comeFromBesideTheRust", () => {
  const own = [[GLUES, "__wbg_rare_2", "0"], [GLUES, "__wbg_new_3", "1"], ["./snippets/page.js", "isVisible", "2"]];
  const lines = secondImports(GLUE, { own }).split("\n").filter(Boolean);
  assert.deepEqual(lines, [
    'import { isVisible as direct2 } from "./snippets/page.js";',
    "import { rare } from './snippets/json.js';",
    "import { Timer } from './snippets/timer.js';",
    'export const imports = (wrap) => [wrap("rs", rare), wrap("rn", (...args) => new Timer(...args)), direct2];',
  ]);
});

test("standsAlone_whatNeedsMainsGlue_doesNot", () => {
  const glue = `${GLUE}export const __wbg_text_5 = wrap("rn", getObject);\nexport const __wbg_open_6 = wrap("ro", "getObject");\n`;
  const alone = (module, name) => standsAlone(glue, module, name);
  assert.ok(alone(GLUES, "__wbg_rare_2") && alone(GLUES, "__wbg_open_6") && alone("./snippets/page.js", "isVisible"));
  assert.ok(!alone(GLUES, "__wbg_text_5") && !alone(GLUES, "ask"));
});

test("inOrder_whatTheSecondHas_isAtTheEnd", () => {
  const [member, visible, first, other] = names.imports;
  assert.deepEqual(inOrder([first, member, other, visible]), [member, visible, first, other]);
});

test("isOfGlue_whatTheGlueCalls_is", () => {
  assert.ok(isOfGlue(GLUE, "ask"));
  assert.ok(!isOfGlue(GLUE, "as") && !isOfGlue(GLUE, "<T as Drop>::drop("));
});

test("mainImports_whatItLendsTheSecond_isBehindTheRest", () => {
  const text = mainImports(GLUE, names, { lent: [[GLUES, "__wbg_rare_2", "0"], [GLUES, "ask", "1"]] });
  assert.match(text, /direct1, \.\.\.Array\.from\(\{ length: 2 \}, .*\), wrap\("rs", rare\), ask\] \}/);
});
