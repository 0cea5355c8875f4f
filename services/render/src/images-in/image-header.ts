// What a picture is, from its first bytes: its type by content, never by name or claim, and its size before anything is
// decoded.
import { type ApiError, refusedField } from "@qrfactory/domain/errors";
import { imageSize } from "image-size";

export type ImageType = "png" | "jpg" | "gif";

export type ImageLimits = {
  /** Name of the field, for messages. */
  field: string;
  bytesMax: number;
  /** Longest side in pixels. */
  sideMax: number;
};

export const logoLimits: ImageLimits = { field: "logo", bytesMax: 2_000_000, sideMax: 4_096 };
export const backgroundLimits: ImageLimits = { field: "background_image", bytesMax: 5_000_000, sideMax: 8_192 };

/** 64 MB of decoded pixels. */
const pixelsMax = 16_000_000;

/** First bytes, in hex, of the types that are drawn: PNG (third edition, 5.2), JPEG (T.81, B.1.1.3), GIF 87a and 89a. */
const signatures: [ImageType, RegExp][] = [
  ["png", /^89504e470d0a1a0a/],
  ["jpg", /^ffd8ff/],
  ["gif", /^47494638(37|39)61/],
];

/** Checks a picture's type and size by its header; throws `image_rejected` that says what would do. */
export function checkImage(bytes: Buffer, limits: ImageLimits): { type: ImageType; width: number; height: number } {
  const refuse = (reason: string, cause?: unknown) => rejected(limits.field, reason, cause);
  if (bytes.length === 0) throw refuse("The file is empty; send a PNG, JPEG or GIF picture.");
  if (bytes.length > limits.bytesMax) throw refuse(`Use a file of at most ${limits.bytesMax / 1e6} MB.`);
  const start = bytes.toString("hex", 0, 8);
  const type = signatures.find(([, pattern]) => pattern.test(start))?.[0];
  if (!type) throw refuse("Use a PNG, JPEG or GIF picture; this is none, whatever it is called.");
  let size: { width: number; height: number };
  try {
    // In memory of its own: the library looks past the end of a short file, where the bytes of other requests may lie.
    size = imageSize(new Uint8Array(bytes));
  } catch (cause) {
    throw refuse("The picture is damaged: its header cannot be read. Save it anew as PNG or JPEG.", cause);
  }
  const { width, height } = size;
  if (!(width >= 1 && height >= 1))
    throw refuse("The picture is damaged: by its header it has no pixels. Save it anew as PNG or JPEG.");
  if (Math.max(width, height) > limits.sideMax) {
    throw refuse(`Use a picture of at most ${limits.sideMax} pixels a side; this one has ${width} × ${height}.`);
  }
  if (width * height > pixelsMax) {
    throw refuse(`Use a picture of at most ${pixelsMax / 1e6} megapixels; this one has ${width} × ${height} pixels.`);
  }
  if (type === "jpg" && isCutOff(bytes)) {
    throw refuse("The picture is cut off: its end is missing. Send the whole file.");
  }
  return { type, width, height };
}

/** Whether a JPEG ends before its scans do: decoders would fill what is missing with grey (T.81, B.1.1.3: SOS, EOI). */
function isCutOff(jpeg: Buffer): boolean {
  return jpeg.lastIndexOf("ffd9", undefined, "hex") < jpeg.lastIndexOf("ffda", undefined, "hex");
}

/** The refusal of one picture. */
export function rejected(field: string, reason: string, cause?: unknown): ApiError {
  return refusedField("image_rejected", field, reason, cause);
}
