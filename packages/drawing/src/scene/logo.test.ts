import { expect, test } from "@jest/globals";
import { modulesOf } from "@qrfactory/domain/symbol/capacity";
import { damageOf } from "../symbol/damage.js";
import { makeSymbol } from "../symbol/symbol.js";
import type { Box } from "./frames.js";
import { areaOf, budgetOf, makeSymbolAround, placeLogo } from "./logo.js";

const pictureOf = (width: number, height: number) => ({ width, height, data: new Uint8Array(width * height * 4) });
const square = { clearZone: true, picture: pictureOf(9, 9) };

test("a logo lies in the middle, keeps its shape, and clears its modules and one around it", () => {
  const wide = placeLogo(25, { sizeRatio: 0.24, clearZone: true, picture: pictureOf(20, 10) });
  expect(wide).toEqual({
    box: { x: 9.5, y: 11, width: 6, height: 3 },
    cleared: { x: 8, y: 10, width: 9, height: 5 },
  });
  expect(areaOf(wide)).toBe(45);
  const bare = placeLogo(25, { sizeRatio: 0.24, clearZone: false, picture: pictureOf(9, 9) });
  expect(bare.cleared).toBeNull();
  expect(areaOf(bare)).toBe(36);
});

test("the level is raised as far as the logo needs, and the version when even H does not do", () => {
  const text = "https://example.com/menu/summer";
  const around = (sizeRatio: number) => makeSymbolAround(text, "L", { ...square, sizeRatio });
  for (const sizeRatio of [0.05, 0.1, 0.15, 0.2, 0.24, 0.28]) {
    const symbol = around(sizeRatio);
    const { version, errorCorrection } = symbol;
    const side = modulesOf(version);
    const area = areaOf(placeLogo(side, { ...square, sizeRatio }));
    expect(area).toBeLessThanOrEqual(budgetOf(side, errorCorrection));
    const cleared = placeLogo(side, { ...square, sizeRatio }).cleared as Box;
    const inside = (x: number, y: number) =>
      x >= cleared.x && x < cleared.x + cleared.width && y >= cleared.y && y < cleared.y + cleared.height;
    expect(damageOf(symbol, (x, y) => inside(x, y) && symbol.modules.cells[y * side + x] === 1)).toBeLessThanOrEqual(
      0.5,
    );
  }
  expect(makeSymbol(text, "L")).toMatchObject({ version: 2, errorCorrection: "L" });
  // Q would do by the area alone; by the codewords that the logo really spoils it takes a larger symbol at H.
  expect(around(0.24)).toMatchObject({ version: 6, errorCorrection: "H" });
});

test("a logo that no symbol can afford gets the strongest one; a text that fits at no higher level keeps its own", () => {
  expect(makeSymbolAround("https://example.com", "M", { ...square, sizeRatio: 0.35 }).errorCorrection).toBe("H");
  const full = "x".repeat(2_900);
  expect(makeSymbolAround(full, "L", { ...square, sizeRatio: 0.3 })).toMatchObject({
    version: 40,
    errorCorrection: "L",
  });
});
