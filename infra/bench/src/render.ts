// Drawing: one plain link as a PNG, next to what others use for it.
import { designRequest, readDesign } from "@qrfactory/domain/design";
import { plans } from "@qrfactory/domain/plans";
import { draw } from "@qrfactory/render/draw";
import QRCode from "qrcode";
import { measure, type Timing } from "./measure.js";

export type Comparison = { title: string; ours: string; timings: Timing[] };

const link = "https://example.com/menu/summer";

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
