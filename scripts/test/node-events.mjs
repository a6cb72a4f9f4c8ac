// @ts-check
// A reporter for `node --test`: the end of each test as a line of JSON, so that counting does not depend on how Node's
// readable reports are worded in one version or another.

/**
 * @typedef {object} NodeTestEvent
 * @property {"pass" | "fail"} result
 * @property {string} name
 * @property {string | null} file
 * @property {boolean} suite
 * @property {string | boolean | null} skip
 * @property {string | boolean | null} todo
 * @property {string | null} failureType
 * @property {string | null} message
 */

/** @param {AsyncIterable<{ type: string, data: any }>} source */
export default async function* nodeEvents(source) {
  for await (const { type, data } of source) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const error = data.details?.error;
    /** @type {NodeTestEvent} */
    const event = {
      result: type === "test:pass" ? "pass" : "fail",
      name: data.name,
      file: data.file ?? null,
      suite: data.details?.type === "suite",
      skip: data.skip ?? null,
      todo: data.todo ?? null,
      failureType: error?.failureType ?? null,
      message: error ? String(error.cause?.message ?? error.cause ?? error.message) : null,
    };
    yield `${JSON.stringify(event)}\n`;
  }
}
