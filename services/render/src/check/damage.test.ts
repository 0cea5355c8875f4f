import { expect, test } from "@jest/globals";
import { damageOf } from "@qrfactory/drawing/symbol/damage";
import { makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import { readQrCode } from "./zxing.js";

test("damage is what a decoder finds: exactly as many wrong codewords as it repairs, and one more is too many", async () => {
  const symbol = makeSymbol("https://example.com/menu/summer", "Q");
  const { side, cells } = symbol.modules;
  // Modules are turned over one after the other, in a square that grows from the middle.
  for (let reach = 1; reach < 9; reach++) {
    const isWrong = (x: number, y: number) => Math.max(Math.abs(x - side / 2), Math.abs(y - side / 2)) < reach;
    const px = 4;
    const width = (side + 8) * px;
    const data = new Uint8Array(width * width).fill(255);
    for (let y = 0; y < width; y++) {
      for (let x = 0; x < width; x++) {
        const [column, row] = [Math.floor(x / px) - 4, Math.floor(y / px) - 4];
        if (column < 0 || row < 0 || column >= side || row >= side) continue;
        const isDark = (cells[row * side + column] === 1) !== isWrong(column, row);
        if (isDark) data[y * width + x] = 0;
      }
    }
    const damage = damageOf(symbol, isWrong);
    const reading = await readQrCode({ width, height: width, data });
    expect([reach, reading !== null]).toEqual([reach, damage <= 1]);
    // The decoder reports whole percents.
    if (reading) expect(reading.unusedCorrection).toBeCloseTo(1 - damage, 1);
  }
});
