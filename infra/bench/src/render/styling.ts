// The styled peer: qr-code-styling on Node, which draws an SVG in jsdom and paints that on node-canvas.
import { createRequire } from "node:module";
import nodeCanvas from "canvas";
import type { Options } from "qr-code-styling";

type Styling = new (options: Options) => { getRawData: (extension: "png") => Promise<unknown> };

const require = createRequire(import.meta.url);
// The types of jsdom would bring those of a browser into the whole workspace.
const { JSDOM } = require("jsdom");
// Its main file is made for browsers; this one is what its documentation names for Node.
const { QRCodeStyling } = require("qr-code-styling/lib/qr-code-styling.common.js") as { QRCodeStyling: Styling };

/** The PNG of a design; `margin` and sizes are in pixels. */
export async function drawWithStyling(options: Options): Promise<unknown> {
  return new QRCodeStyling({ ...options, type: "canvas", jsdom: JSDOM, nodeCanvas }).getRawData("png");
}

/** The options for dots in one colour with round eyes, as ours. */
export function stylingDots(data: string, size: number): Options {
  return {
    ...sized(data, size),
    dotsOptions: { type: "dots" },
    cornersSquareOptions: { type: "dot" },
    cornersDotOptions: { type: "dot" },
  };
}

/** The options for a diagonal gradient with rounded eyes and a logo (a data URL). */
export function stylingGradient(data: string, size: number, image: string): Options {
  const gradient = {
    type: "linear" as const,
    rotation: Math.PI / 4,
    colorStops: [
      { offset: 0, color: "#7b2ff7" },
      { offset: 1, color: "#f107a3" },
    ],
  };
  return {
    ...sized(data, size),
    image,
    imageOptions: { hideBackgroundDots: true, imageSize: 0.3 },
    dotsOptions: { type: "rounded", gradient },
    cornersSquareOptions: { type: "extra-rounded", gradient },
    cornersDotOptions: { type: "dot", gradient },
  };
}

/** Level H, as a logo asks for, and a margin of about four modules. */
function sized(data: string, size: number): Options {
  return {
    data,
    width: size,
    height: size,
    margin: Math.round(size / 10),
    qrOptions: { errorCorrectionLevel: "H" },
  };
}
