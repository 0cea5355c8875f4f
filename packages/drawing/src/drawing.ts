// The library: from a design to the bytes of its image, the same in Node.js and in browsers. The differences
// (compression, fonts, decoded pictures) are arguments. Pixels of anything but flat squares need a canvas, which is
// not part of it.
import type { Design } from "@qrfactory/domain/design/design";
import { type FrameLabel, requireLegible, shapeFrameLabel } from "./label/frame-label.js";
import { requireVisibleLabel } from "./label/label-ground.js";
import type { ShapeLine } from "./label/shaper.js";
import type { Deflate } from "./paint/deflate.js";
import { indexedPng, isSquares, paintIndexed } from "./paint/indexed-png.js";
import { paintEps } from "./paint/paint-eps.js";
import { paintPdf } from "./paint/paint-pdf.js";
import { paintSvg } from "./paint/paint-svg.js";
import { type Logo, makeSymbolAround } from "./scene/logo.js";
import { cutGlow, soften, squareOf } from "./scene/picture.js";
import { requireRoom } from "./scene/room.js";
import { layOut } from "./scene/scene.js";
import type { Picture, Scene } from "./scene/shapes.js";
import { makeSymbol, type QrSymbol } from "./symbol/symbol.js";

/** The decoded pictures of a design: one that is missing is left out of the image. */
export type Pictures = { logo?: Picture; background?: Picture };

/** Parts of an image beside its design. */
export type Parts = {
  /** As `shapeLabel` shaped it; without it a frame stands around an empty band. */
  label?: FrameLabel | null;
  pictures?: Pictures;
};

/** A design laid out: its symbol, and all that painters paint. */
export type LaidOut = { symbol: QrSymbol; scene: Scene };

/**
 * Shapes the label in the frame of a design, or gives null where it has none: the one step that may wait, for fonts.
 * The label depends on its text alone. Throws `validation_failed` naming characters that no font draws.
 */
export async function shapeLabel({ frame }: Pick<Design, "frame">, shapeLine: ShapeLine): Promise<FrameLabel | null> {
  return frame?.label ? shapeFrameLabel(frame.label, shapeLine) : null;
}

/**
 * Encodes a design and lays it out, synchronously. Throws `unscannable` when its size leaves less than one pixel a
 * module, and `validation_failed` when its label is too small to be read or lost in the picture behind it.
 */
export function layOutDesign(design: Design, { label = null, pictures = {} }: Parts = {}): LaidOut {
  const { text, errorCorrection, textEncoding: encoding, frame, quietZone, widthPx } = design;
  const logo = logoOf(design, pictures.logo);
  const symbol = logo
    ? makeSymbolAround(text, errorCorrection, logo, { encoding })
    : makeSymbol(text, errorCorrection, { encoding });
  const symbolSide = symbol.modules.side;
  const background = pictures.background ? squareOf(pictures.background) : null;
  const isShown = design.pattern === "halftone";
  const backdrop = background && soften(background, { isShown });
  if (frame && label) requireLegible(label, { frame, symbolSide, quietZone, widthPx });
  requireVisibleLabel(design, symbolSide, backdrop);
  const scene = layOut(symbol, design, { label, logo, backdrop, shown: isShown ? background : null });
  requireRoom(scene, design);
  return { symbol, scene };
}

function logoOf({ logo }: Design, picture: Picture | undefined): Logo | null {
  if (!logo || !picture) return null;
  const { sizeRatio, clearZone, neonAlpha } = logo;
  return { picture: cutGlow(picture, neonAlpha), sizeRatio, clearZone };
}

/** Fields of a design that decide the file of its scene. */
export type FileDesign = Pick<Design, "format" | "widthPx" | "widthInches" | "dpi">;

/**
 * Paints a scene in the format of its design: SVG, PDF and EPS always; PNG where `hasIndexedPng`. Throws a RangeError
 * for other PNGs and for JPEG, which are made on a canvas.
 */
export function paintImage(scene: Scene, design: FileDesign, deflate: Deflate): Uint8Array {
  const { format, widthPx, dpi } = design;
  if (format === "svg") return paintSvg(scene, design, deflate);
  // Readers of designs give every PDF and EPS its inches.
  const widthInches = design.widthInches as number;
  if (format === "pdf") return paintPdf(scene, { widthInches }, deflate);
  if (format === "eps") return paintEps(scene, { widthInches }, deflate);
  if (format !== "png" || !isSquares(scene)) {
    throw new RangeError(
      `This ${format.toUpperCase()} needs a canvas; without one there are SVG, PDF, EPS, and PNG of flat squares.`,
    );
  }
  return indexedPng(paintIndexed(scene, widthPx), dpi, deflate);
}

/** Whether a scene is flat squares in at most three colours, which become a PNG without a canvas. */
export function hasIndexedPng(scene: Scene): boolean {
  return isSquares(scene);
}

/** Tools of the caller: compression, and for labels a shaper (`makeShapeLine`). */
export type DrawingTools = { deflate: Deflate; shapeLine?: ShapeLine };

/** Draws a design: all of the above in one call. Throws what they throw, and a RangeError for a label and no shaper. */
export async function drawImage(
  design: Design,
  { deflate, shapeLine = noShaper }: DrawingTools,
  pictures: Pictures = {},
): Promise<Uint8Array> {
  const label = await shapeLabel(design, shapeLine);
  const { scene } = layOutDesign(design, { label, pictures });
  return paintImage(scene, design, deflate);
}

const noShaper: ShapeLine = async () => {
  throw new RangeError("The frame has a label: hand in shapeLine, which makeShapeLine makes of fonts.");
};
