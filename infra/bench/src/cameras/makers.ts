// Makers of the pictures under the cameras: QRFactory as its service does, checked strictly; qr-code-styling with what
// it has of the same design; npm `qrcode` in plain squares of black on white.
import { type Design, readDesign } from "@qrfactory/domain/design/design";
import { plans } from "@qrfactory/domain/plan/plans";
import { starLogo } from "@qrfactory/render/canvas/star-logo.fixture";
import { traitsOf } from "@qrfactory/render/check/scan-check";
import type { ScanTraits } from "@qrfactory/render/check/scan-score";
import { sceneOf } from "@qrfactory/render/draw/draw-design";
import { paintScene } from "@qrfactory/render/draw/paint-scene";
import { type Pixels, pngPixels } from "@qrfactory/testing/decode";
import { createCanvas, ImageData } from "canvas";
import type { Options } from "qr-code-styling";
import QRCode from "qrcode";
import { drawWithStyling } from "../render/styling.js";
import type { CameraDesign } from "./designs.js";
import { pick, randomFrom } from "./random.js";

/** Makers by the names that tables give them, QRFactory first. */
export const makerNames = ["QRFactory", "qr-code-styling", "npm qrcode"] as const;
/** Name of a maker. */
export type MakerName = (typeof makerNames)[number];

/** One picture of a design; QRFactory knows the traits of its own. */
export type Made = { maker: MakerName; pixels: Pixels; modulePx: number; traits?: ScanTraits };

const logo = starLogo("#7b1e3b");

const logoUrl = (() => {
  const context = createCanvas(logo.width, logo.height).getContext("2d");
  context.putImageData(new ImageData(Uint8ClampedArray.from(logo.data), logo.width, logo.height), 0, 0);
  return context.canvas.toDataURL("image/png");
})();

/** The pictures of a design by all makers, ours first or alone; null where the service refuses it. */
export async function makeAll(given: CameraDesign, { alone }: { alone: boolean }): Promise<Made[] | null> {
  const { design } = readDesign(given.fields, plans.enterprise, given.hasLogo ? { logo: "0".repeat(64) } : {});
  const { symbol, scene } = await sceneOf(design, given.hasLogo ? { logo } : {});
  const { bytes, raster } = paintScene(scene, design);
  const traits = await traitsOf(scene, design.text, { widthPx: design.widthPx, raster });
  if (typeof traits === "string") return null;
  const { side } = symbol.modules;
  const modulePx = design.widthPx / scene.side;
  const ours: Made = { maker: "QRFactory", pixels: pngPixels(bytes), modulePx, traits };
  if (alone) return [ours];
  return [
    ours,
    { maker: "qr-code-styling", ...(await makeStyled(given, design, side)) },
    { maker: "npm qrcode", ...(await makePlain(design, side)) },
  ];
}

const plainQuietZone = 4;

async function makePlain(
  { text, errorCorrection, widthPx }: Design,
  side: number,
): Promise<Pick<Made, "pixels" | "modulePx">> {
  const options = { width: widthPx, margin: plainQuietZone, errorCorrectionLevel: errorCorrection };
  const pixels = pngPixels(await QRCode.toBuffer(text, options));
  return { pixels, modulePx: pixels.width / (side + 2 * plainQuietZone) };
}

const dotTypes = ["square", "dots", "rounded", "extra-rounded", "classy", "classy-rounded"] as const;
const ringTypes = ["square", "dot", "extra-rounded"] as const;
const middleTypes = ["square", "dot"] as const;
const rotations: Record<string, number> = { vertical: Math.PI / 2, horizontal: 0, diagonal: Math.PI / 4, radial: 0 };

/**
 * It has no frames, and other patterns and eyes; colours, gradient, logo, size, correction and quiet zone are the same.
 */
async function makeStyled(
  { seed, hasLogo }: CameraDesign,
  design: Design,
  side: number,
): Promise<Pick<Made, "pixels" | "modulePx">> {
  const random = randomFrom(seed);
  const modulePx = design.widthPx / (side + 2 * design.quietZone);
  const { gradient, color, eyeBorderColor, eyeCenterColor } = design;
  const ink = gradient
    ? {
        gradient: {
          type: gradient.type === "radial" ? ("radial" as const) : ("linear" as const),
          rotation: rotations[gradient.type] as number,
          colorStops: [gradient.from, gradient.to].map((stop, offset) => ({ offset, color: stop.slice(0, 7) })),
        },
      }
    : { color: color.slice(0, 7) };
  const eyeInk = (own: string | null) => (own === null ? ink : { color: own.slice(0, 7) });
  const options: Options = {
    data: design.text,
    width: design.widthPx,
    height: design.widthPx,
    margin: Math.round(design.quietZone * modulePx),
    qrOptions: { errorCorrectionLevel: design.errorCorrection },
    backgroundOptions: { color: design.background.slice(0, 7) },
    dotsOptions: { type: pick(random, dotTypes), ...ink },
    cornersSquareOptions: { type: pick(random, ringTypes), ...eyeInk(eyeBorderColor) },
    cornersDotOptions: { type: pick(random, middleTypes), ...eyeInk(eyeCenterColor) },
    ...(hasLogo ? { image: logoUrl, imageOptions: { hideBackgroundDots: true, imageSize: 0.3 } } : {}),
  };
  return { pixels: pngPixels((await drawWithStyling(options)) as Buffer), modulePx };
}
