import { expect, test } from "@jest/globals";
import { capacityOf, errorCorrectionLevels, modulesOf, versionMax } from "@qrfactory/domain/symbol/capacity";
import { type Segment, type SegmentMode, segmentModes } from "@qrfactory/domain/symbol/segments";
import { type Cells, literalPenalty } from "./penalty.fixture.js";
import { encodeSegments, type Modules } from "./symbol.js";
import { maskCount, templateOf } from "./template.js";

const textCount = 500;

/** Characters of each mode, all of one length in it. */
const alphabets: Record<SegmentMode, string> = {
  numeric: "0123456789",
  alphanumeric: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:",
  byte: "abcdefghijklmnopqrstuvwxyz/?=&.-_~",
  kanji: "点茗日本語漢字東京大阪",
};

/** Text number i: modes, versions and levels in turns, so that all of them meet; full to a random share. */
function wantedSymbol(i: number, random: () => number) {
  const mode = segmentModes[i % segmentModes.length] as SegmentMode;
  const version = 1 + (i % versionMax);
  const level = errorCorrectionLevels[Math.floor(i / versionMax) % errorCorrectionLevels.length] ?? "L";
  const length = Math.max(1, Math.floor(random() * capacityOf(mode, level, version)));
  const alphabet = alphabets[mode];
  const text = Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
  return { segments: [{ mode, text }] satisfies Segment[], version, level };
}

function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function rowsOf({ side, cells }: Modules): Cells {
  return Array.from({ length: side }, (_, y) => [...cells.subarray(y * side, (y + 1) * side)]);
}

test("the mask is the one with the least penalty of the standard, for every mode, version and level", () => {
  const random = makeRandom(18_004);
  const wrong: string[] = [];
  for (let i = 0; i < textCount; i++) {
    const { segments, version, level } = wantedSymbol(i, random);
    const penalties = Array.from({ length: maskCount }, (_, mask) =>
      literalPenalty(rowsOf(encodeSegments(segments, version, level, mask).modules)),
    );
    const { mask } = encodeSegments(segments, version, level);
    if (mask !== penalties.indexOf(Math.min(...penalties))) wrong.push(`${version}-${level} ${segments[0]?.mode}`);
  }
  expect(wrong).toEqual([]);
}, 60_000);

test("no plane of a mask has a bit outside the symbol", () => {
  for (let version = 1; version <= versionMax; version++) {
    const { shape, planes } = templateOf(version, "M");
    const within = modulesOf(version) & 31;
    const lastColumn = (shape.columns - 1) * shape.stride;
    const bits = planes
      .flatMap(({ grid, mirrored }) => [grid, mirrored])
      .map((grid) => grid.subarray(lastColumn).reduce((all, word) => all | (within === 0 ? 0 : word >>> within), 0));
    expect(bits.every((word) => word === 0)).toBe(true);
  }
});
