import { expect, test } from "@jest/globals";
import type { TextEncoding } from "@qrfactory/domain/symbol/text-encoding";
import { pngPixels, readers } from "@qrfactory/testing/decode";
import { designOf } from "../canvas/styles.fixture.js";
import { drawDesign } from "./draw-design.js";

/** The text as each reader reads it from the delivered image. */
async function readingsOf(text: string, text_encoding: TextEncoding): Promise<Record<string, string | null>> {
  const design = designOf({ data_type: "text", data: text, text_encoding });
  const { bytes, scan } = await drawDesign(design, { checked: true });
  expect(scan?.isReadable).toBe(true);
  const pixels = pngPixels(bytes);
  const readings: Record<string, string | null> = {};
  for (const [name, read] of Object.entries(readers)) readings[name] = await read(pixels);
  return readings;
}

const everyReader = (text: string) => Object.fromEntries(Object.keys(readers).map((name) => [name, text]));

test.each([
  "café",
  "Größe: 42",
  "https://example.com/größe?a=ü",
  "Příliš žluťoučký kůň",
  "Привет, мир",
  "مرحبا שלום",
  "เมนู नमस्ते",
  "扫码点餐",
  "東京 é",
  "日本語😀",
  "서울 Seoul",
  "5 € 👍 – “quoted”",
  "back\\slash é \\000026",
  "WIFI:T:WPA;S:Café Zürich;P:geheim123;;",
])("text that is announced is read by every reader as it was given: %s", async (text) => {
  expect(await readingsOf(text, "utf-8-eci")).toEqual(everyReader(text));
  expect(await readingsOf(text, "auto")).toEqual(everyReader(text));
});

test("Latin-1 is drawn for readers that know it", async () => {
  expect((await readingsOf("Zürich, café", "latin-1"))["zxing-cpp"]).toBe("Zürich, café");
});
