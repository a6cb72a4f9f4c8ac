import assert from "node:assert/strict";
import { test } from "node:test";
import { joined, numbersIn, ofSecondAlone, piecesOf } from "./data.mjs";

const MAP = `
    Addr      Off     Size Out     In      Symbol
       -      3ca    4d1d4 CODE
   10000    4d8e9     1a20 .rodata
   10000    4d8f1        1         /a/b.rcgu.o:(.rodata..Lanon.d1.0)
   10000    4d8f1        1                 .Lanon.d1.0
   10001    4d8f2      325         <internal>:(.rodata)
   10328    4dc19       10         /a/b.rcgu.o:(.rodata..Lanon.d1.2)
   10340    4dc40        4         /a/b.rcgu.o:(.data.counter)
       -    5d8f1       10         /a/b.rcgu.o:(.debug_str)
`;

test("piecesOf_aLinkersMap_areItsDataByTheirAddresses", () => {
  assert.deepEqual(piecesOf(MAP), [
    { address: 0x10000, size: 1 },
    { address: 0x10001, size: 0x325 },
    { address: 0x10328, size: 16 },
    { address: 0x10340, size: 4 },
  ]);
  assert.throws(() => piecesOf("nothing"), /names no data/);
});

test("numbersIn_aModulesText_areItsConstantsAndOffsets", () => {
  const text = "(func $a (i32.load8_u offset=70 (local.get $0)) (call $b (i32.const 1000) (i32.const -4)) (i64.const 9))\n (data $0 (i32.const 8) \"x\")";
  assert.deepEqual([...numbersIn(text)].sort(), [1000, 70]);
});

/** Pieces one behind another, from 1000 on. @param {(string | number[])[]} contents a text, or the words of a table */
function laid(...contents) {
  let address = 1000;
  const held = new Map();
  const pieces = contents.map((content) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(new Uint32Array(content).buffer);
    const piece = { address, size: bytes.length };
    held.set(piece, bytes);
    address += bytes.length;
    return piece;
  });
  /** The texts of those that only the second has, by the numbers in the code of each. */
  const alone = (main, second) =>
    ofSecondAlone(pieces, (piece) => held.get(piece), new Set(main), new Set(second)).map(({ address: at }) => at);
  return { pieces, alone };
}

test("ofSecondAlone_whatMainNamesToo_stays", () => {
  const { alone } = laid("state", "nonce", "scope");
  assert.deepEqual(alone([1000], [1005, 1010]), [1005, 1010]);
  assert.deepEqual(alone([1000, 1010], [1000, 1005, 1010]), [1005]);
  assert.deepEqual(alone([1000], [1000]), []);
});

test("ofSecondAlone_whatNobodyNames_stays", () => {
  assert.deepEqual(laid("state", "nonce").alone([1000], []), []);
});

test("ofSecondAlone_aNumberWithinAPiece_namesIt", () => {
  assert.deepEqual(laid("state", "nonce").alone([1007], [1000, 1005]), [1000]);
});

test("ofSecondAlone_whatATableNames_isNamedByWhoNamesTheTable", () => {
  // A table of two texts, and the texts.
  const { alone } = laid([1008, 1013], "state", "nonce");
  assert.deepEqual(alone([], [1000]), [1000, 1008, 1013]);
  assert.deepEqual(alone([1000], [1008]), []);
  assert.deepEqual(alone([1013], [1000]), [1000, 1008]);
});

test("ofSecondAlone_aNumberShortlyBeforeATable_mayBeTheTables", () => {
  // Code that counts from one has the address before the table's.
  const { alone } = laid("a text of some length", [7, 8]);
  assert.deepEqual(alone([1017], [1021]), []);
  assert.deepEqual(alone([1002], [1021]), [1021]);
});

test("joined_piecesSideBySide_areOne", () => {
  const piece = (address, size) => ({ address, size });
  assert.deepEqual(joined([piece(10, 5), piece(15, 5), piece(23, 1), piece(40, 2)]), [piece(10, 14), piece(40, 2)]);
});
