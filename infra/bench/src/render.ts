// Drawing: one plain link as a symbol, and as a PNG of 2000 px, next to what others use for it.
import { designRequest, readDesign } from "@qrfactory/domain/design";
import { plans } from "@qrfactory/domain/plans";
import { draw } from "@qrfactory/render/draw";
import { makeSymbol } from "@qrfactory/render/qr/symbol";
import encodeQR from "qr";
import QRCode from "qrcode";
import qrcodeGenerator from "qrcode-generator";
import { measure, type Timing } from "./measure.js";

export type Comparison = { title: string; ours: string; timings: Timing[] };

const link = "https://example.com/menu/summer";

/** A text of so many bytes that no encoder can put into a denser mode. */
const linkOf = (bytes: number) => link.padEnd(bytes, "/a");

/** Symbols at three lengths. */
export async function compareSymbols(): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const bytes of [31, 400, 2_900]) {
    const text = linkOf(bytes);
    const timings = await measure([
      { name: "QRFactory", run: () => makeSymbol(text, "L") },
      { name: "qr", run: () => encodeQR(text, "raw", { ecc: "low", encoding: "byte" }) },
      {
        name: "qrcode",
        run: () => QRCode.create([{ data: Buffer.from(text), mode: "byte" }], { errorCorrectionLevel: "L" }),
      },
      {
        name: "qrcode-generator",
        run: () => {
          const qr = qrcodeGenerator(0, "L");
          qr.addData(text, "Byte");
          qr.make();
        },
      },
    ]);
    comparisons.push({ title: `symbol of ${bytes} bytes, level L`, ours: "QRFactory", timings });
  }
  return comparisons;
}

/** Whole images: symbol, drawing, compression; ours also with its scan check, as a request gets it. */
export async function compareImages(): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const size of [600, 2_000]) {
    const { design } = readDesign(designRequest.parse({ data: link, size }), plans.enterprise);
    const timings = await measure([
      { name: "QRFactory", run: () => draw(design, { checked: false }) },
      { name: "QRFactory, read back", run: () => draw(design, { checked: true }) },
      { name: "qrcode", run: () => QRCode.toBuffer(link, { width: size, margin: 4, errorCorrectionLevel: "M" }) },
    ]);
    comparisons.push({ title: `PNG of ${size} px`, ours: "QRFactory", timings });
  }
  return comparisons;
}
