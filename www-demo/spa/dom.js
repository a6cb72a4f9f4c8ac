// @ts-check
// Pages are built from nodes and text, never from strings of markup: what a server says cannot become an element.

/**
 * @param {string} id
 * @returns {any} typed by its use: the page and its script are one program
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found;
}

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** @param {number | Date} instant */
export function clockTime(instant) {
  return new Date(instant).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

/**
 * Runs an action for a button, once at a time. The button keeps the focus: a disabled one would lose it.
 * @param {HTMLButtonElement} button
 * @param {() => unknown} action
 */
export function onPress(button, action) {
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await action();
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
