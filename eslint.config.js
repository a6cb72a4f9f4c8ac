// @ts-check
import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["pkg/", "target/", "**/dist/", "**/node_modules/"] },
  js.configs.recommended,
  {
    files: ["**/*.js", "**/*.mjs", "**/*.cjs"],
    languageOptions: { ecmaVersion: "latest", sourceType: "module" },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["*.js", "scripts/**", "benches/**", "tests/**", "www-demo/**"],
    ignores: ["www-demo/spa/**"],
    languageOptions: { globals: globals.node },
  },
  // The package, and the script parts of its bindings, run where there may be no window; what they name of a page they
  // look for first.
  { files: ["pkg-template/**", "src/**"], languageOptions: { globals: { ...globals.browser, ...globals.worker, ...globals["shared-node-browser"] } } },
  // What is for Electron's main process and its preload scripts becomes CommonJS.
  { files: ["pkg-template/electron/**"], ignores: ["pkg-template/electron/renderer.js"], languageOptions: { globals: { ...globals.node, ...globals.commonjs } } },
  { files: ["www-demo/**"], ignores: ["www-demo/server/*.mjs", "www-demo/electron/**"], languageOptions: { globals: globals.browser } },
  { files: ["www-demo/electron/**/*.cjs"], languageOptions: { sourceType: "commonjs", globals: { ...globals.node, ...globals.commonjs } } },
  // Functions given to page.evaluate() stand in the test's file and run in the page.
  { files: ["tests/**"], languageOptions: { globals: globals.browser } },
  // The page of tests/support/electron-app.mjs has these.
  { files: ["tests/electron/**"], languageOptions: { globals: { client: "readonly", told: "readonly", pkce: "readonly" } } },
];
