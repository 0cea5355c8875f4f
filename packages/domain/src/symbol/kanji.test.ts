import { expect, test } from "@jest/globals";
import { kanjiValues, notKanji } from "./kanji.js";

// The two examples of ISO/IEC 18004:2015, 7.4.6, and the corners of the plane.
test.each<[string, number]>([
  ["点", 0b0110110011111],
  ["茗", 0b1101010101010],
  ["　", 0],
  ["、", 1],
  ["あ", 0x01 * 0xc0 + 0x60],
  ["熙", 0x29 * 0xc0 + 0x64],
])("%s has the value %i", (character, value) => {
  expect(kanjiValues[character.charCodeAt(0)]).toBe(value);
});

test("the table holds JIS X 0208 but for what tables of Shift JIS disagree on", () => {
  expect(kanjiValues.filter((value) => value !== notKanji)).toHaveLength(6_879 - 9);
  expect(new Set(kanjiValues.filter((value) => value !== notKanji)).size).toBe(6_879 - 9);
});

test.each([..."Aé①纊ｱ가～－―\\"])("%s is not in kanji mode", (character) => {
  expect(kanjiValues[character.charCodeAt(0)]).toBe(notKanji);
});
