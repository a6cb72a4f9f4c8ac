// @ts-check
// Which of the module's data only the second module reads: texts and tables that go along with its functions. The linker's
// map says where each piece of data lies, and how long it is; what is read is seen by the addresses in the code.

/** @typedef {{ address: number, size: number }} Piece */

/** A text with nothing in it that is no character: it is read from its beginning. @param {Uint8Array} bytes */
const isText = (bytes) => bytes.every((byte) => byte === 10 || (byte >= 32 && byte < 127));

/** So many bytes before a table may be what the code names, where it counts from one. */
const BEFORE = 16;

/**
 * The pieces of data of which wasm-ld's map (`-Map`) speaks, in their order. What the linker has put together of texts of its
 * own is one piece.
 * @param {string} map
 * @returns {Piece[]}
 */
export function piecesOf(map) {
  const lines = map.matchAll(/^ *([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+) {9}\S.*:\((\.rodata|\.data)\S*\)$/gm);
  const pieces = [...lines].map(([, address, size]) => ({ address: parseInt(address, 16), size: parseInt(size, 16) }));
  if (pieces.length === 0) throw new Error("the linker's map names no data");
  return pieces.sort((a, b) => a.address - b.address);
}

/** The numbers in a module's code that may be addresses. @param {string} text of the module, as WebAssembly's text format */
export function numbersIn(text) {
  // Where data begin is nothing that is read.
  const code = text.replace(/^ *\(data .*$/gm, "");
  return new Set([...code.matchAll(/\(i32\.const (\d+)\)|offset=(\d+)/g)].map(([, constant, offset]) => Number(constant ?? offset)));
}

/**
 * The pieces that the second module reads and main does not. Whatever may be an address is taken for one, so a piece may stay
 * in main that could go.
 * @param {Piece[]} pieces
 * @param {(piece: Piece) => Uint8Array} bytesOf
 * @param {Set<number>} inMain the numbers in its code
 * @param {Set<number>} inSecond
 */
export function ofSecondAlone(pieces, bytesOf, inMain, inSecond) {
  const contents = pieces.map(bytesOf);
  const starts = new Map(pieces.map(({ address }, index) => [address, index]));
  const named = (/** @type {number} */ number) => {
    const start = starts.get(number);
    if (start !== undefined) return [start];
    return pieces.flatMap(({ address, size }, index) => {
      const isIn = number > address && number < address + size;
      const isBefore = number < address && number >= address - BEFORE && !isText(contents[index]);
      return isIn || isBefore ? [index] : [];
    });
  };
  /** @param {Set<number>} numbers */
  const read = (numbers) => {
    const found = new Set([...numbers].flatMap(named));
    for (const index of found) {
      const { buffer, byteOffset, byteLength } = contents[index];
      const view = new DataView(buffer, byteOffset, byteLength);
      // Addresses in tables.
      for (let at = 0; at + 4 <= byteLength; at += 1) for (const other of named(view.getUint32(at, true))) found.add(other);
    }
    return found;
  };
  const ofMain = read(inMain);
  return [...read(inSecond)].filter((index) => !ofMain.has(index)).sort((a, b) => a - b).map((index) => pieces[index]);
}

/** Pieces that lie side by side as one; fewer bytes between them than a segment of their own takes go along. @param {Piece[]} pieces */
export function joined(pieces) {
  /** @type {Piece[]} */
  const runs = [];
  for (const { address, size } of pieces) {
    const last = runs.at(-1);
    if (last && address - last.address - last.size < 4) last.size = address + size - last.address;
    else runs.push({ address, size });
  }
  return runs;
}
