// What an image is asked to look like: the fields of a generate request, their defaults, and one normal form of them,
// from which the cache key is made. Shared by everything that accepts designs, so that all refuse and mean the same.
import { createHash } from "node:crypto";
import { z } from "zod";
import { groundColor, inkColor } from "./color.js";
import {
  normalizePictures,
  type PictureDesign,
  type PictureDigests,
  pictureFieldNames,
  pictureFields,
} from "./design-picture.js";
import { checkStyle, normalizeStyle, type Style, styleFields } from "./design-style.js";
import { ApiError } from "./errors.js";
import { canonicalJson } from "./json.js";
import { checkContent, contentText, payloadTypes, plainTypes } from "./payload/payload.js";
import { type Plan, smallestPlan } from "./plans.js";
import { densestModeOf } from "./segmentation.js";
import { segmentUnits } from "./segments.js";
import { useOneOf } from "./suggest.js";
import { capacityOf, type ErrorCorrection, errorCorrectionLevels, fitSymbol } from "./symbol-capacity.js";
import { numberFrom, parseInput, unknownFields, wholeFrom } from "./validate.js";

export const imageFormats = ["png", "svg", "pdf", "eps", "jpeg"] as const;
export type ImageFormat = (typeof imageFormats)[number];

/** `strict` refuses what would not scan, `report` delivers it with its score, `off` does not look. */
const scanChecks = ["strict", "report", "off"] as const;
export type ScanCheck = (typeof scanChecks)[number];

const sizePxDefault = 600;
const dpiDefault = 300;

/** The most pixels along a side that inches and dpi may come to. */
const widthPxMax = 6_000;

/** What a symbol in true inches is judged at when no pixels are drawn: what an ordinary printer resolves. */
const vectorDpi = 300;

/** Longer than any payload (7,089 digits in 40-L); stops the checks below from reading megabytes. */
const dataLengthMax = 10_000;

const designFields = z.strictObject(
  {
    // A `dynamic` payload becomes a text before it gets here: what it stands for is known to the database.
    data_type: z
      .enum([...plainTypes, ...payloadTypes], {
        error: ({ input }) => useOneOf(input, [...plainTypes, ...payloadTypes, "dynamic"]),
      })
      .default("url"),
    data: z.string().optional(),
    payload: z.unknown().optional(),
    format: z.enum(imageFormats).default("png"),
    size: wholeFrom(100, 2_000).optional(),
    size_inches: numberFrom(0.5, 15).optional(),
    dpi: wholeFrom(72, 600).optional(),
    error_correction: z.enum(errorCorrectionLevels).default("M"),
    quiet_zone: wholeFrom(0, 16).default(4),
    color: inkColor.prefault("black"),
    background: groundColor.prefault("white"),
    ...styleFields,
    ...pictureFields,
    scan_check: z.enum(scanChecks).default("strict"),
  },
  { error: unknownFields(pictureFieldNames) },
);

/** Names of the fields of a generate request, pictures left out. */
export const designFieldNames: readonly string[] = Object.keys(designFields.shape);

/** The body of a generate request. */
export const designRequest = designFields.superRefine((request, context) => {
  const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  checkContent(request, (path, message) => context.addIssue({ code: "custom", path, message }));
  if (request.size !== undefined && request.size_inches !== undefined) {
    refuse("size_inches", "Give either size (pixels) or size_inches, not both.");
  }
  if (request.size_inches !== undefined) {
    const widthPx = inchesToPx(request.size_inches, request.dpi ?? dpiDefault);
    if (widthPx > widthPxMax) {
      const message = `size_inches × dpi comes to ${widthPx} pixels; the most is ${widthPxMax}. Lower one of the two.`;
      refuse("size_inches", message);
    }
  }
  checkStyle(request, refuse);
});

function inchesToPx(inches: number, dpi: number): number {
  return Math.round(inches * dpi);
}

/** All that decides the bytes of an image, in one normal form: two requests that mean the same have equal designs. */
export type Design = Style &
  PictureDesign & {
    /** Exactly what a scanner reads. */
    text: string;
    format: ImageFormat;
    /** Side of the image: the pixels of a PNG or JPEG; for an SVG its CSS pixels; where there are inches, those at 300 dpi. */
    widthPx: number;
    /** Side in inches: of every PDF and EPS, of an SVG that was asked in inches; else null, pixels carry theirs as dpi. */
    widthInches: number | null;
    /** Resolution written into a PNG, else null: no other format carries one. */
    dpi: number | null;
    /**
     * The least level, raised as far as it costs no larger version (see `fitSymbol`): what was asked below that makes no
     * other image, with or without a logo.
     */
    errorCorrection: ErrorCorrection;
    /** In modules. */
    quietZone: number;
    /** Normal form, see domain/color. */
    background: string;
  };

/**
 * Reads a generate request for a caller of `plan`. Throws `validation_failed` naming every bad field, `plan_limit`
 * naming the plan that would do, `payload_too_long` naming the limit. `pictures` names those that came with it.
 */
export function readDesign(
  body: unknown,
  plan: Plan,
  pictures: PictureDigests = {},
): { design: Design; scanCheck: ScanCheck } {
  const data = (body as { data?: unknown } | null)?.data;
  if (typeof data === "string" && data.length > dataLengthMax) throw tooLong(data, "L", "data");
  const request = parseInput(designRequest, body);
  requirePlan(request, plan);
  const text = contentText(request);
  const field = request.payload === undefined ? "data" : "payload";
  const fit = fitSymbol(text, request.error_correction);
  if (!fit) throw tooLong(text, request.error_correction, field);
  return {
    design: normalize(request, { text, errorCorrection: fit.errorCorrection }, pictures),
    scanCheck: request.scan_check,
  };
}

type DesignRequest = z.output<typeof designRequest>;

function normalize(
  request: DesignRequest,
  content: Pick<Design, "text" | "errorCorrection">,
  pictures: PictureDigests,
): Design {
  return {
    ...content,
    format: request.format,
    ...normalizeSize(request),
    quietZone: request.quiet_zone,
    background: request.background,
    ...normalizeStyle(request),
    ...normalizePictures(request, pictures),
  };
}

/** What a pixel is on paper where nothing else is said: that of CSS. */
const cssDpi = 96;

function normalizeSize(request: DesignRequest): Pick<Design, "widthPx" | "widthInches" | "dpi"> {
  const { format, size = sizePxDefault, size_inches: inches, dpi } = request;
  if (format === "png" || format === "jpeg") {
    const widthPx = inches === undefined ? size : inchesToPx(inches, dpi ?? dpiDefault);
    const printed = inches === undefined ? dpi : (dpi ?? dpiDefault);
    return { widthPx, widthInches: null, dpi: format === "png" ? (printed ?? null) : null };
  }
  // Paper has no pixels: a PDF is as large as the PNG of the same request in print.
  const widthInches = inches ?? (format === "svg" ? null : size / (dpi ?? cssDpi));
  return { widthPx: widthInches === null ? size : inchesToPx(widthInches, vectorDpi), widthInches, dpi: null };
}

function requirePlan({ size_inches: inches = 0, dpi = 0 }: DesignRequest, plan: Plan): void {
  const allows = (candidate: Plan) => inches <= candidate.sizeInchesMax && dpi <= candidate.dpiMax;
  if (allows(plan)) return;
  const [field, which] =
    inches > plan.sizeInchesMax ? ["size_inches", `${plan.sizeInchesMax} inches`] : ["dpi", `${plan.dpiMax} dpi`];
  const detail = `The ${plan.name} plan draws up to ${which}; the ${smallestPlan(allows)} plan allows what you asked for.`;
  throw new ApiError("plan_limit", detail, { errors: { [field]: [detail] } });
}

function tooLong(text: string, level: ErrorCorrection, field: "data" | "payload"): ApiError {
  const mode = densestModeOf(text);
  const most = (at: ErrorCorrection) => capacityOf(mode, at).toLocaleString("en-US");
  const hint = level === "L" ? "" : ` (${most("L")} at L)`;
  const shorten =
    field === "data"
      ? "Shorten data."
      : `This payload comes to ${Buffer.byteLength(text).toLocaleString("en-US")} bytes; shorten it.`;
  const detail = `The largest QR code holds ${most(level)} ${segmentUnits[mode]} at error correction ${level}${hint}. ${shorten}`;
  return new ApiError("payload_too_long", detail, {
    errors: { [field]: [`At most ${most(level)} ${segmentUnits[mode]}.`] },
  });
}

/**
 * The name of an image in the cache, 64 hex digits: SHA-256 over the canonical JSON of the design and the version of
 * the renderer. Whoever asked, how they spelled it and whether they wanted a scan check change no byte of the image. A
 * text that holds a secret is a name of its workspace's own: a hit would confirm another's guess of it.
 */
export function cacheKeyOf(design: Design, rendererVersion: number, workspaceId: string): string {
  const owner = holdsSecret(design.text) ? { workspaceId } : {};
  return createHash("sha256")
    .update(canonicalJson({ ...design, rendererVersion, ...owner }))
    .digest("hex");
}

/** Networks with their password, seeds of one-time passwords, and addresses with a user's password in them. */
const secretTexts = [/^WIFI:.*P:/is, /^otpauth(-migration)?:/i, /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*:[^/?#@]+@/i];

/** Whether a text holds what only its readers are to know. */
const holdsSecret = (text: string) => secretTexts.some((pattern) => pattern.test(text));
