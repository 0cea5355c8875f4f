// Judges a picture by its bytes before anything is decoded: its type by content, never by name or claim, its size, and
// what decoding would cost. Names the parts of the file that make the pixels: a decoder is given nothing else.
import { type ApiError, refusedField } from "@qrfactory/domain/http/errors";
import { readGif } from "./gif-header.js";
import type { HeaderReader, ReadHeader, Refuse } from "./header-reader.js";
import { readJpeg } from "./jpeg-header.js";
import { readPng } from "./png-header.js";
import { readSvg } from "./svg-header.js";
import { readWebp } from "./webp-header.js";

/** Type of a picture, told by its content. */
export type ImageType = "png" | "jpg" | "gif" | "webp" | "svg";

/** Limits of a picture's file. */
export type ImageLimits = {
  /** Name of the field, for messages. */
  field: string;
  bytesMax: number;
  /** Longest side in pixels. */
  sideMax: number;
};

/** Limits of a logo: 2 MB, 4,096 pixels a side. */
export const logoLimits: ImageLimits = { field: "logo", bytesMax: 2_000_000, sideMax: 4_096 };
/** Limits of a background picture: 5 MB, 8,192 pixels a side. */
export const backgroundLimits: ImageLimits = { field: "background_image", bytesMax: 5_000_000, sideMax: 8_192 };

/** 64 MB of decoded pixels. */
const pixelsMax = 16_000_000;

/**
 * Pixels times passes over them, for pictures in many passes: 16 megapixels in 25 scans, more than any encoder makes of
 * them (libjpeg's script for four inks, its longest, has 18), or 4 megapixels in 100.
 */
const pixelPassesMax = 400_000_000;

/** Header of a picture with its type. */
export type ImageHeader = ReadHeader & { type: ImageType };

/**
 * First bytes, in hex, of the types that are drawn: PNG (third edition, 5.2), JPEG (T.81, B.1.1.3), GIF 87a and 89a,
 * WebP (RFC 9649, 2.4), and SVG, which begins with `<svg`, a declaration, a comment or a document type.
 */
const types: [ImageType, RegExp, HeaderReader][] = [
  ["png", /^89504e470d0a1a0a/, readPng],
  ["jpg", /^ffd8ff/, readJpeg],
  ["gif", /^47494638(37|39)61/, readGif],
  ["webp", /^52494646.{8}57454250/, readWebp],
  ["svg", /^(?:efbbbf)?(?:20|09|0a|0d)*3c(?:737667|3f786d6c|212d2d|21444f)/, readSvg],
];

/** Bytes that the types are known by. */
const startBytes = 12;

/** Reads and judges a picture's header; throws `image_rejected` that says what would do. */
export function checkImage(bytes: Buffer, limits: ImageLimits): ImageHeader {
  const refuse = (reason: string) => rejected(limits.field, reason);
  if (bytes.length === 0) throw refuse("The file is empty; send a PNG, JPEG, WebP, GIF or SVG picture.");
  if (bytes.length > limits.bytesMax) throw refuse(`Use a file of at most ${limits.bytesMax / 1e6} MB.`);
  const start = bytes.toString("hex", 0, startBytes);
  const [type, , read] = types.find(([, pattern]) => pattern.test(start)) ?? [];
  if (!type || !read) throw refuse("Use a PNG, JPEG, WebP, GIF or SVG picture; this is none, whatever it is called.");
  const header = read(bytes, refuse);
  requireSize(header, limits, refuse);
  return { type, ...header };
}

function requireSize({ width, height, passes }: ReadHeader, { sideMax }: ImageLimits, refuse: Refuse): void {
  if (width < 1 || height < 1)
    throw refuse("The picture is damaged: by its header it has no pixels. Save it anew as PNG or JPEG.");
  if (Math.max(width, height) > sideMax) {
    throw refuse(`Use a picture of at most ${sideMax} pixels a side; this one has ${width} × ${height}.`);
  }
  if (width * height > pixelsMax) {
    throw refuse(`Use a picture of at most ${pixelsMax / 1e6} megapixels; this one has ${width} × ${height} pixels.`);
  }
  if (width * height * passes > pixelPassesMax) {
    const passesMax = Math.floor(pixelPassesMax / (width * height));
    throw refuse(
      `A picture of ${width} × ${height} pixels may have ${passesMax} scans; this one has ${passes}. ` +
        "Save it as a baseline JPEG.",
    );
  }
}

/** The refusal of one picture. */
export function rejected(field: string, reason: string, cause?: unknown): ApiError {
  return refusedField("image_rejected", field, reason, cause);
}
