import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "@jest/globals";
import { PNG } from "pngjs";
import { prepareZXingModule, writeBarcode } from "zxing-wasm/writer";
import { decodeImage, decodeOne } from "./decode.js";

const wasm = readFileSync(createRequire(import.meta.url).resolve("zxing-wasm/writer/zxing_writer.wasm"));

/** A PNG of these texts side by side, each symbol in `dark` on a fully transparent ground. */
async function drawSymbols(texts: string[], dark: [number, number, number]): Promise<Buffer> {
  await prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });
  const cell = 200;
  const png = new PNG({ width: cell * texts.length, height: cell });
  for (const [index, text] of texts.entries()) {
    const { symbol } = await writeBarcode(text, { format: "QRCode", scale: 4, addQuietZones: false });
    const { width, height, data } = symbol;
    for (let y = 0; y < height * 4; y++) {
      for (let x = 0; x < width * 4; x++) {
        const isDark = data[(y >> 2) * width + (x >> 2)] === 0;
        png.data.set([...dark, isDark ? 255 : 0], ((y + 30) * png.width + x + 30 + index * cell) * 4);
      }
    }
  }
  return PNG.sync.write(png);
}

test("a symbol is read back to its text, in any script", async () => {
  expect(await decodeOne(await drawSymbols(["Grüße, 世界 👋"], [0, 0, 0]))).toBe("Grüße, 世界 👋");
});

test("what is transparent shows the substrate", async () => {
  const dark = await drawSymbols(["HELLO"], [0, 0, 0]);
  expect(await decodeImage(dark)).toEqual(["HELLO"]);
  expect(await decodeImage(dark, { substrate: [0, 0, 0] })).toEqual([]);
});

test("an image without a code has no text, and one with two is not taken for one", async () => {
  const blank = PNG.sync.write(new PNG({ width: 100, height: 100 }));
  expect(await decodeImage(blank)).toEqual([]);
  await expect(decodeOne(blank)).rejects.toThrow(/0 readable/);
  const two = await drawSymbols(["ONE", "TWO"], [0, 0, 0]);
  expect((await decodeImage(two)).sort()).toEqual(["ONE", "TWO"]);
  await expect(decodeOne(two)).rejects.toThrow(/2 readable/);
});
