// @ts-check

import assert from "node:assert/strict";
import { test } from "node:test";
import { html, trustedHtml } from "./html.mjs";

test("values_are_escaped_unless_they_are_markup_already", () => {
  const hostile = `<img src=x onerror="alert('1')">&`;
  assert.equal(
    html`<p title="${hostile}">${hostile}</p>`.toString(),
    '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;">' +
      "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;</p>",
  );
  assert.equal(html`${html`<b>${"<"}</b>`}${trustedHtml("<i>")}`.toString(), "<b>&lt;</b><i>");
});

test("absent_values_are_nothing_and_arrays_are_joined", () => {
  assert.equal(html`${null}${undefined}${false}${0}`.toString(), "0");
  assert.equal(html`${["<", html`<br>`]}`.toString(), "&lt;<br>");
});
