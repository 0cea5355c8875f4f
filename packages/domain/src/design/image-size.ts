// How large an image is. `size` are pixels, on paper at `dpi` (300 unless given): in every format the same width. A PDF
// or EPS always has it, a JPEG carries its resolution; a PNG or SVG says it where inches or dpi were given, and is made
// of plain pixels else, as pages want it.
import { ApiError } from "../http/errors.js";
import { numberFrom, wholeFrom } from "../http/validate.js";
import { type Plan, smallestPlan } from "../plan/plans.js";
import { printDpi } from "./print.js";

/** Formats of an image, as the field `format` names them. */
export const imageFormats = ["png", "svg", "pdf", "eps", "jpeg"] as const;
/** Format of an image. */
export type ImageFormat = (typeof imageFormats)[number];

/** Schemas of the three fields of size: pixels 100 to 2,000, inches 0.5 to 15, dpi 72 to 600. */
export const sizeFields = {
  size: wholeFrom(100, 2_000).optional(),
  size_inches: numberFrom(0.5, 15).optional(),
  dpi: wholeFrom(72, 600).optional(),
};

/** The size of an image in normal form. */
export type ImageSize = {
  /**
   * Side in pixels of a PNG or JPEG; in CSS pixels of an SVG without inches; of other vectors those of a print at 300
   * dpi.
   */
  widthPx: number;
  /** Side in inches of a vector: of every PDF and EPS, and of an SVG that was asked with inches or dpi; else null. */
  widthInches: number | null;
  /** Resolution written into a JPEG, and into a PNG that was asked with inches or dpi; else null. */
  dpi: number | null;
};

/** Fields of a request that decide its size; each is optional. */
export type SizeRequest = {
  format: ImageFormat;
  size?: number | undefined;
  size_inches?: number | undefined;
  dpi?: number | undefined;
};

const sizePxDefault = 600;

/** The most pixels along a side that inches and dpi may come to. */
const widthPxMax = 6_000;

const mmAnInch = 25.4;

const isVector = (format: ImageFormat) => format === "svg" || format === "pdf" || format === "eps";

const inchesToPx = (inches: number, dpi: number) => Math.round(inches * dpi);

/** Refuses, by field, sizes that contradict each other or come to too many pixels; vectors have none. */
export function checkSize(
  { format, size, size_inches: inches, dpi = printDpi }: SizeRequest,
  refuse: (path: string, message: string) => void,
): void {
  if (inches === undefined) return;
  if (size !== undefined) refuse("size_inches", "Give either size (pixels) or size_inches, not both.");
  const widthPx = inchesToPx(inches, dpi);
  if (isVector(format) || widthPx <= widthPxMax) return;
  const message =
    `size_inches × dpi comes to ${widthPx} pixels; the most is ${widthPxMax}. ` +
    "Lower one of the two, or use svg, pdf or eps.";
  refuse("size_inches", message);
}

/** Throws `plan_limit` naming the plan that would do. Resolution is no matter of vectors. */
export function requireSizeInPlan(request: SizeRequest, plan: Plan): void {
  const inches = request.size_inches ?? 0;
  const dpi = isVector(request.format) ? 0 : (request.dpi ?? 0);
  const allows = (candidate: Plan) => inches <= candidate.sizeInchesMax && dpi <= candidate.dpiMax;
  if (allows(plan)) return;
  const [field, which] =
    inches > plan.sizeInchesMax ? ["size_inches", `${plan.sizeInchesMax} inches`] : ["dpi", `${plan.dpiMax} dpi`];
  const larger = smallestPlan(allows);
  const detail = `The ${plan.name} plan draws up to ${which}; the ${larger} plan allows what you asked for.`;
  throw new ApiError("plan_limit", detail, { errors: { [field]: [detail] } });
}

/** The one size that a request means. */
export function normalizeSize({ format, size = sizePxDefault, size_inches, dpi }: SizeRequest): ImageSize {
  const resolution = dpi ?? printDpi;
  const isPhysical = size_inches !== undefined || dpi !== undefined;
  if (!isVector(format)) {
    const widthPx = size_inches === undefined ? size : inchesToPx(size_inches, resolution);
    return { widthPx, widthInches: null, dpi: isPhysical || format === "jpeg" ? resolution : null };
  }
  if (format === "svg" && !isPhysical) return { widthPx: size, widthInches: null, dpi: null };
  const widthInches = size_inches ?? size / resolution;
  return { widthPx: Math.min(inchesToPx(widthInches, printDpi), widthPxMax), widthInches, dpi: null };
}

/** Side of an image on paper, in millimetres; where the file does not say it, that of its pixels at 300 dpi. */
export function widthMmOf({ widthPx, widthInches, dpi }: ImageSize): number {
  return (widthInches ?? widthPx / (dpi ?? printDpi)) * mmAnInch;
}
