// @ts-check
// A template tag that escapes what is put into it, so that forgetting to is not possible.

class Html {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
  toString() {
    return this.text;
  }
}

/** @type {Record<string, string>} */
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/**
 * Strings are escaped, what `html` or `trustedHtml` made is not; arrays are joined; null, undefined and false are nothing.
 * @param {TemplateStringsArray} strings
 * @param {...unknown} values
 */
export function html(strings, ...values) {
  return new Html(strings.reduce((text, string, index) => text + render(values[index - 1]) + string));
}

/**
 * For markup that somebody else has made safe already.
 * @param {string} text
 */
export function trustedHtml(text) {
  return new Html(text);
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function render(value) {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(render).join("");
  if (value === null || value === undefined || value === false) return "";
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
