// @ts-check
// Other names for a module's imports and exports, written into its bytes: nothing else of it changes.
import { Reader, sectionsOf } from "../size/module.mjs";
import { leb128, withLength } from "./order.mjs";

const IMPORTS = 2;
const EXPORTS = 7;

/** @param {string} text */
const written = (text) => withLength([...Buffer.from(text)]);

/** Past what says an import's type. @param {Reader} reader */
function skipType(reader) {
  const limits = () => {
    const hasMaximum = reader.number() & 1;
    reader.number();
    if (hasMaximum) reader.number();
  };
  const kind = reader.byte();
  if (kind === 0) reader.number();
  else if (kind === 2) limits();
  else if (kind === 3) reader.at += 2;
  else throw new Error(`an import of kind ${kind}, which nothing here makes`);
}

/**
 * @param {Uint8Array} bytes
 * @param {{ imported?: (module: string, name: string) => [string, string], exported?: (name: string) => string }} by
 */
export function renamed(bytes, { imported = (module, name) => [module, name], exported = (name) => name }) {
  const parts = [...bytes.subarray(0, 8)];
  for (const { id, content } of sectionsOf(bytes)) {
    const reader = new Reader(content);
    const all = [];
    if (id === IMPORTS) {
      const count = reader.number();
      all.push(...leb128(count));
      for (let left = count; left > 0; left -= 1) {
        const [module, name] = imported(reader.text(), reader.text());
        const from = reader.at;
        skipType(reader);
        all.push(...written(module), ...written(name), ...content.subarray(from, reader.at));
      }
    } else if (id === EXPORTS) {
      const count = reader.number();
      all.push(...leb128(count));
      for (let left = count; left > 0; left -= 1) {
        all.push(...written(exported(reader.text())), reader.byte(), ...leb128(reader.number()));
      }
    } else {
      all.push(...content);
    }
    parts.push(id, ...withLength(all));
  }
  return Buffer.from(parts);
}
